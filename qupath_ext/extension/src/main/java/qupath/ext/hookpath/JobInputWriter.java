package qupath.ext.hookpath;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import qupath.ext.hookpath.core.geojson.GeoJsonWriter;
import qupath.ext.hookpath.core.jobs.ImageServerRecord;
import qupath.ext.hookpath.core.jobs.RequestClass;
import qupath.ext.hookpath.core.jobs.RequestImage;
import qupath.ext.hookpath.core.jobs.RequestProject;
import qupath.ext.hookpath.core.models.ModelLibrary;
import qupath.lib.common.ColorTools;
import qupath.lib.images.ImageData;
import qupath.lib.images.servers.ImageServerBuilder.ServerBuilder;
import qupath.lib.io.GsonTools;
import qupath.lib.objects.PathObject;
import qupath.lib.objects.classes.PathClass;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;

/**
 * What is open in QuPath, written down for a job: images, pixel sizes, classes, and objects as
 * GeoJSON in level-0 px of QuPath's frame. Of an image in the window the objects are those on the
 * screen, saved or not. Not for the JavaFX thread.
 */
public final class JobInputWriter {

    private static final Logger logger = LoggerFactory.getLogger(JobInputWriter.class);

    private final Path jobFolder;

    /**
     * Writes into a job's folder.
     *
     * @param jobFolder where the request file will be
     */
    public JobInputWriter(Path jobFolder) {
        this.jobFolder = jobFolder;
    }

    /** All annotations that have an outline: what a person drew, and what runs added. */
    public static List<PathObject> annotations(Collection<? extends PathObject> objects) {
        List<PathObject> found = new ArrayList<>();
        for (PathObject object : objects) {
            if (object.isAnnotation() && object.hasROI()) {
                found.add(object);
            }
        }
        return found;
    }

    /**
     * Images of a project with the chosen objects.
     *
     * @param project the project
     * @param entries those of its images that the job works on
     * @param which the objects to hand over of all those of an image; see {@link #annotations}
     * @return the project for the request; an image that cannot be handed over says why
     */
    public RequestProject project(Project<BufferedImage> project,
            Collection<ProjectImageEntry<BufferedImage>> entries,
            Function<Collection<PathObject>, List<PathObject>> which) {
        List<RequestImage> images = new ArrayList<>();
        for (ProjectImageEntry<BufferedImage> entry : entries) {
            images.add(entryPart(project, entry, which));
        }
        return new RequestProject(project.getName(), classes(project), images, loop(project));
    }

    /**
     * Images of a project, most of them without their objects, which are not even read.
     *
     * @param project the project
     * @param entries those of its images that the job knows of
     * @param needed those whose annotations the job needs
     * @return the project for the request
     */
    public RequestProject projectWithSome(Project<BufferedImage> project,
            Collection<ProjectImageEntry<BufferedImage>> entries,
            Predicate<ProjectImageEntry<BufferedImage>> needed) {
        List<RequestImage> images = new ArrayList<>();
        for (ProjectImageEntry<BufferedImage> entry : entries) {
            images.add(needed.test(entry) ? entryPart(project, entry, JobInputWriter::annotations)
                    : part(entry.getID(), entry.getImageName(), entry.getServerBuilder(),
                            entry.getMetadata(), null));
        }
        return new RequestProject(project.getName(), classes(project), images, loop(project));
    }

    /**
     * One open image, in a project or not.
     *
     * @param image the image
     * @param project its project; null: none
     * @param objects the objects to hand over; null: none
     * @return a project of one image
     */
    public RequestProject image(
            OpenImage image, Project<BufferedImage> project, List<PathObject> objects) {
        String name = project == null ? image.name() : project.getName();
        return new RequestProject(name, classes(project), List.of(part(image, objects)));
    }

    private static Path loop(Project<BufferedImage> project) {
        Path loop = new ModelLibrary(JobLauncher.base(project)).loop();
        return Files.isDirectory(loop) ? loop : null;
    }

    /** A class list with colours; empty where there is no project. */
    static List<RequestClass> classes(Project<BufferedImage> project) {
        List<RequestClass> found = new ArrayList<>();
        for (PathClass known : project == null ? List.<PathClass>of() : project.getPathClasses()) {
            if (known != null && known != PathClass.NULL_CLASS) {
                found.add(new RequestClass(known.toString(), rgb(known)));
            }
        }
        return found;
    }

    /**
     * How an open image's pixels are read.
     *
     * @param image the image
     * @return file, frame and pixel size; {@code problem} where there is one
     */
    public static ImageServerRecord serverOf(ImageData<BufferedImage> image) {
        return serverOf(image.getServerBuilder());
    }

    /**
     * How an image's pixels are read.
     *
     * @param builder QuPath's own record of it
     * @return file, frame and pixel size; {@code problem} where there is one
     * @throws HookpathException there is none: the image is in QuPath's memory only
     */
    static ImageServerRecord serverOf(ServerBuilder<BufferedImage> builder) {
        if (builder == null) {
            throw new HookpathException(UiTexts.get("error.noBuilder"));
        }
        return ImageServerRecord.parse(GsonTools.getInstance()
                .toJsonTree(builder, ServerBuilder.class).getAsJsonObject());
    }

    private RequestImage entryPart(Project<BufferedImage> project,
            ProjectImageEntry<BufferedImage> entry,
            Function<Collection<PathObject>, List<PathObject>> which) {
        try {
            if (OpenImage.isOpen(project, entry)) {
                OpenImage image = OpenImage.of(project, entry);
                return part(image, which.apply(image.objects()));
            }
            return part(entry.getID(), entry.getImageName(), entry.getServerBuilder(),
                    entry.getMetadata(), which.apply(OpenImage.objectsOf(project, entry)));
        } catch (RuntimeException e) {
            logger.warn("{} cannot be handed over", entry.getImageName(), e);
            return new RequestImage(entry.getID(), entry.getImageName(), null, null, false, null,
                    Map.copyOf(entry.getMetadata()), null, ErrorMessages.oneLine(e));
        }
    }

    private RequestImage part(OpenImage image, List<PathObject> objects) {
        Map<String, String> metadata =
                image.entry() == null ? Map.of() : image.entry().getMetadata();
        return part(image.id(), image.name(), image.data().getServerBuilder(), metadata, objects);
    }

    private RequestImage part(String id, String name, ServerBuilder<BufferedImage> builder,
            Map<String, String> metadata, List<PathObject> objects) {
        ImageServerRecord record = serverOf(builder);
        String annotations = objects == null ? null : write(id, objects);
        // No path beside the JSON: a Python package that does not know the JSON must not read the
        // file as it is, in another frame than QuPath's.
        boolean asItIs = record.file() != null && record.server() == null;
        return new RequestImage(id, name, asItIs ? record.file().toString() : null,
                record.mppXY(), record.cropToBounds(), annotations, new LinkedHashMap<>(metadata),
                record.server(), record.problem());
    }

    private String write(String id, List<PathObject> objects) {
        String relative = "images/" + id + ".geojson";
        Path file = jobFolder.resolve(relative);
        try {
            Files.createDirectories(file.getParent());
            write(file, objects);
        } catch (IOException e) {
            throw new HookpathException(UiTexts.get("error.write", file, ErrorMessages.oneLine(e)),
                    e);
        }
        return relative;
    }

    /**
     * Writes objects as GeoJSON, outlines as drawn.
     *
     * @param file complete or as before
     * @param objects level-0 px of QuPath's frame
     * @throws IOException it cannot be written
     */
    public static void write(Path file, List<PathObject> objects) throws IOException {
        try (GeoJsonWriter out = new GeoJsonWriter(file)) {
            for (PathObject object : objects) {
                out.write(GeometryRepair.feature(object));
            }
        }
    }

    private static int[] rgb(PathClass known) {
        Integer color = known.getColor();
        return color == null ? null : new int[] {
            ColorTools.red(color), ColorTools.green(color), ColorTools.blue(color)};
    }
}
