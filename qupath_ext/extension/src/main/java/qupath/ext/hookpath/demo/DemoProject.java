package qupath.ext.hookpath.demo;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import qupath.ext.hookpath.ErrorMessages;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.JobLauncher;
import qupath.ext.hookpath.ProjectEntries;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.DemoSlide;
import qupath.ext.hookpath.core.jobs.JobEvent;
import qupath.ext.hookpath.core.jobs.JobProcess;
import qupath.ext.hookpath.core.jobs.JobRequest;
import qupath.ext.hookpath.core.training.TrainingRole;
import qupath.lib.images.ImageData;
import qupath.lib.images.servers.ImageServer;
import qupath.lib.images.servers.ImageServers;
import qupath.lib.io.PathIO;
import qupath.lib.objects.PathObject;
import qupath.lib.objects.classes.PathClass;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectIO;
import qupath.lib.projects.ProjectImageEntry;
import qupath.lib.projects.Projects;

/**
 * A project to try things on: small synthetic slides with a few polygons, in QuPath's user
 * directory. Not for the JavaFX thread.
 */
public final class DemoProject {

    private DemoProject() {}

    private static Path folder() {
        return JobLauncher.base(null).resolve("hookpath").resolve("demo");
    }

    private static Path file() {
        return folder().resolve("HookNet demo").resolve(ProjectIO.DEFAULT_PROJECT_NAME
                + ProjectIO.getProjectExtension(true));
    }

    /** Whether it was made before. */
    public static boolean isThere() {
        return Files.isRegularFile(file());
    }

    /** The project that was made before, with all that was done in it. */
    public static Project<BufferedImage> open() {
        try {
            return ProjectIO.loadProject(file().toFile(), BufferedImage.class);
        } catch (IOException e) {
            throw new HookpathException(ErrorMessages.oneLine(e), e);
        }
    }

    /** Begins to make its slides; those that are there already are kept. */
    public static JobProcess makeSlides(Consumer<JobEvent> onEvent) {
        JobRequest request = JobRequest.of("demo").option("slides", true)
                .option("out", folder().resolve("painted")).build();
        return JobLauncher.start(null, JobLauncher.folder(null, "demo"), request, onEvent);
    }

    /** Makes the project of the slides that were made. */
    public static Project<BufferedImage> create() {
        try (Stream<Path> files = Files.list(folder().resolve("painted").resolve("slides"))) {
            List<DemoSlide> slides = files.filter(f -> f.toString().endsWith(".tif"))
                    .map(DemoSlide::new).sorted(Comparator.naturalOrder()).toList();
            Files.createDirectories(file().getParent());
            Project<BufferedImage> project =
                    Projects.createProject(file().toFile(), BufferedImage.class);
            Set<PathClass> classes = new LinkedHashSet<>();
            for (DemoSlide slide : slides) {
                add(project, slide, classes);
            }
            project.setPathClasses(List.copyOf(classes));
            project.syncChanges();
            return project;
        } catch (IOException e) {
            throw new HookpathException(UiTexts.get("demo.failed", ErrorMessages.oneLine(e)), e);
        }
    }

    private static void add(
            Project<BufferedImage> project, DemoSlide slide, Set<PathClass> classes)
            throws IOException {
        ProjectImageEntry<BufferedImage> entry;
        try (ImageServer<BufferedImage> server =
                ImageServers.buildServer(slide.file().toUri())) {
            entry = project.addImage(server.getBuilder());
        } catch (IOException e) {
            throw e;
        } catch (Exception e) {     // of close()
            throw new IOException(e);
        }
        entry.setImageName(slide.name());
        ProjectEntries.set(entry.getMetadata(), Map.of(TrainingRole.KEY, slide.role().value()));
        ImageData<BufferedImage> data = entry.readImageData();
        data.setImageType(ImageData.ImageType.BRIGHTFIELD_H_E);
        if (Files.isRegularFile(slide.drawn())) {
            List<PathObject> drawn = PathIO.readObjects(slide.drawn());
            data.getHierarchy().addObjects(drawn);
            drawn.forEach(object -> classes.add(object.getPathClass()));
        }
        entry.saveImageData(data);
    }
}
