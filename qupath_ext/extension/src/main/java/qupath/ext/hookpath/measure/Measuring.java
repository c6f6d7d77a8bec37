package qupath.ext.hookpath.measure;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import qupath.ext.hookpath.Exchange;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.JobStart;
import qupath.ext.hookpath.OpenImage;
import qupath.ext.hookpath.Options;
import qupath.ext.hookpath.Problems;
import qupath.ext.hookpath.core.Event;
import qupath.ext.hookpath.core.Job;
import qupath.ext.hookpath.core.JobOutcome;
import qupath.ext.hookpath.core.Appearance;
import qupath.ext.hookpath.core.ProjectPart;
import qupath.ext.hookpath.core.RegionMeasures;
import qupath.ext.hookpath.core.Request;
import qupath.lib.objects.PathObject;
import qupath.lib.objects.TMACoreObject;
import qupath.lib.objects.hierarchy.PathObjectHierarchy;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;

/**
 * Areas by class inside annotations, TMA cores and whole images ({@code hookpath measure}), as
 * measurements of these objects and one table. {@link #start} and {@link #finish} take a while: not
 * for the JavaFX thread.
 */
public final class Measuring {

    private static final Logger logger = LoggerFactory.getLogger(Measuring.class);

    private final Project<BufferedImage> project;
    private final List<ProjectImageEntry<BufferedImage>> images;
    private final OpenImage image;
    private final Map<String, ?> given;

    private Measuring(Project<BufferedImage> project,
            List<ProjectImageEntry<BufferedImage>> images, OpenImage image, Map<String, ?> given) {
        this.project = project;
        this.images = images;
        this.image = image;
        this.given = given;
    }

    /**
     * Images of a project are measured.
     *
     * @param project the project
     * @param images those of its images
     * @param given {@code python}, and whatever {@code hookpath measure} knows
     */
    public static Measuring of(Project<BufferedImage> project,
            List<ProjectImageEntry<BufferedImage>> images, Map<String, ?> given) {
        return new Measuring(project, List.copyOf(images), null, given);
    }

    /** One open image is measured, in a project (null: in none). */
    public static Measuring of(
            OpenImage image, Project<BufferedImage> project, Map<String, ?> given) {
        return new Measuring(project, List.of(), image, given);
    }

    /** The table of all regions. */
    public Path table() {
        Path out = Options.of(given).path("out");
        return out != null ? out.toAbsolutePath() : JobStart.place(project).resolve("hookpath").resolve("measurements.csv");
    }

    /**
     * Writes down what is on the images and starts the job.
     *
     * @param onEvent hears the job's events, on a thread of its own
     * @return the running job
     * @throws HookpathException no Python…; nothing was changed
     */
    public Job start(Consumer<Event> onEvent) {
        Path folder = JobStart.folder(project, "measure");
        Options options = Options.of(given);
        String python = options.text("python", null);
        options.texts("images");
        options.path("out");
        Request.Builder request = Request.of("measure").option("out", table());
        options.addTo(request);
        var exchange = new Exchange(folder);
        ProjectPart part = image == null ? exchange.project(project, images, Measuring::needed)
                : exchange.image(image, project, needed(image.objects()));
        return JobStart.start(python, folder, request.project(part).build(), onEvent);
    }

    /** Regions and results: annotations, cores that are there, and detections of ours. */
    private static List<PathObject> needed(Collection<? extends PathObject> objects) {
        List<PathObject> found = new ArrayList<>();
        for (PathObject object : objects) {
            boolean core = object instanceof TMACoreObject known && !known.isMissing();
            boolean ours = object.isDetection()
                    && object.getMetadata().containsKey(Appearance.RUN_KEY);
            if (object.hasROI() && (object.isAnnotation() || core || ours)) {
                found.add(object);
            }
        }
        return found;
    }

    /**
     * Writes the metrics into the measurements of the regions, also those of a job that failed
     * half-way; images that are in no viewer are saved.
     *
     * @param outcome how the job ended
     * @return what was measured, and what was not
     * @throws HookpathException nothing was measured
     */
    public MeasureSummary finish(JobOutcome outcome) {
        List<RegionMeasures> done = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        for (Event.Result result : outcome.results()) {
            if ("measured".equals(result.kind())) {
                RegionMeasures found = RegionMeasures.of(result.data());
                try {
                    put(found);
                    done.add(found);
                } catch (RuntimeException e) {
                    logger.warn("{}: measurements not written", found.image(), e);
                    problems.add(found.image() + ": " + Problems.oneLine(e));
                }
            }
        }
        HookpathException failure = Problems.of(outcome);
        if (failure != null && done.isEmpty()) {
            throw failure;
        }
        if (failure != null) {
            problems.add(failure.getMessage());
        }
        return new MeasureSummary(done, problems, table());
    }

    private void put(RegionMeasures found) {
        OpenImage target = image != null ? image.now(project) : OpenImage.of(project,
                images.stream().filter(one -> one.getID().equals(found.imageId())).findFirst()
                        .orElseThrow());
        target.call(() -> {
            put(target.hierarchy(), found);
            target.data().setChanged(true);
            return null;
        });
        target.saveUnlessShown();
    }

    private static void put(PathObjectHierarchy hierarchy, RegionMeasures found) {
        Map<String, PathObject> byId = new HashMap<>();
        hierarchy.getAllObjects(false).forEach(one -> byId.put(one.getID().toString(), one));
        byId.put("", hierarchy.getRootObject());
        List<PathObject> changed = new ArrayList<>();
        for (RegionMeasures.Region region : found.regions()) {
            PathObject object = byId.get(region.id());
            if (object != null) {
                clear(object);
                object.getMeasurementList().putAll(region.measurements());
                changed.add(object);
            }
        }
        hierarchy.fireObjectMeasurementsChangedEvent(Measuring.class, changed);
    }

    /** Classes that were measured before may not be there any more. */
    private static void clear(PathObject object) {
        for (String name : List.copyOf(object.getMeasurementList().getNames())) {
            if (name.startsWith(RegionMeasures.PREFIX)) {
                object.getMeasurementList().remove(name);
            }
        }
    }
}
