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
import qupath.ext.hookpath.ErrorMessages;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.JobInputWriter;
import qupath.ext.hookpath.JobLauncher;
import qupath.ext.hookpath.OpenImage;
import qupath.ext.hookpath.ScriptArguments;
import qupath.ext.hookpath.core.evaluation.RegionMeasurements;
import qupath.ext.hookpath.core.geojson.ResultAppearance;
import qupath.ext.hookpath.core.jobs.JobEvent;
import qupath.ext.hookpath.core.jobs.JobOutcome;
import qupath.ext.hookpath.core.jobs.JobProcess;
import qupath.ext.hookpath.core.jobs.JobRequest;
import qupath.ext.hookpath.core.jobs.RequestProject;
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
public final class MeasureJob {

    private static final Logger logger = LoggerFactory.getLogger(MeasureJob.class);

    private final Project<BufferedImage> project;
    private final List<ProjectImageEntry<BufferedImage>> images;
    private final OpenImage image;
    private final Map<String, ?> given;

    private MeasureJob(Project<BufferedImage> project,
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
    public static MeasureJob of(Project<BufferedImage> project,
            List<ProjectImageEntry<BufferedImage>> images, Map<String, ?> given) {
        return new MeasureJob(project, List.copyOf(images), null, given);
    }

    /** One open image is measured, in a project (null: in none). */
    public static MeasureJob of(
            OpenImage image, Project<BufferedImage> project, Map<String, ?> given) {
        return new MeasureJob(project, List.of(), image, given);
    }

    /** The table of all regions. */
    public Path table() {
        Path out = ScriptArguments.of(given).path("out");
        return out != null ? out.toAbsolutePath()
                : JobLauncher.place(project).resolve("hookpath").resolve("measurements.csv");
    }

    /**
     * Writes down what is on the images and starts the job.
     *
     * @param onEvent hears the job's events, on a thread of its own
     * @return the running job
     * @throws HookpathException no Python…; nothing was changed
     */
    public JobProcess start(Consumer<JobEvent> onEvent) {
        Path folder = JobLauncher.folder(project, "measure");
        ScriptArguments options = ScriptArguments.of(given);
        String python = options.text("python", null);
        options.texts("images");
        options.path("out");
        JobRequest.Builder request = JobRequest.of("measure").option("out", table());
        options.addTo(request);
        var exchange = new JobInputWriter(folder);
        RequestProject part = image == null ? exchange.project(project, images, MeasureJob::needed)
                : exchange.image(image, project, needed(image.objects()));
        return JobLauncher.start(python, folder, request.project(part).build(), onEvent);
    }

    /** Regions and results: annotations, cores that are there, and detections of ours. */
    private static List<PathObject> needed(Collection<? extends PathObject> objects) {
        List<PathObject> found = new ArrayList<>();
        for (PathObject object : objects) {
            boolean core = object instanceof TMACoreObject known && !known.isMissing();
            boolean ours = object.isDetection()
                    && object.getMetadata().containsKey(ResultAppearance.RUN_KEY);
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
        List<RegionMeasurements> done = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        for (JobEvent.Result result : outcome.results()) {
            if ("measured".equals(result.kind())) {
                RegionMeasurements found = RegionMeasurements.of(result.data());
                try {
                    put(found);
                    done.add(found);
                } catch (RuntimeException e) {
                    logger.warn("{}: measurements not written", found.image(), e);
                    problems.add(found.image() + ": " + ErrorMessages.oneLine(e));
                }
            }
        }
        HookpathException failure = ErrorMessages.of(outcome);
        if (failure != null && done.isEmpty()) {
            throw failure;
        }
        if (failure != null) {
            problems.add(failure.getMessage());
        }
        return new MeasureSummary(done, problems, table());
    }

    private void put(RegionMeasurements found) {
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

    private static void put(PathObjectHierarchy hierarchy, RegionMeasurements found) {
        Map<String, PathObject> byId = new HashMap<>();
        hierarchy.getAllObjects(false).forEach(one -> byId.put(one.getID().toString(), one));
        byId.put("", hierarchy.getRootObject());
        List<PathObject> changed = new ArrayList<>();
        for (RegionMeasurements.Region region : found.regions()) {
            PathObject object = byId.get(region.id());
            if (object != null) {
                clear(object);
                object.getMeasurementList().putAll(region.measurements());
                changed.add(object);
            }
        }
        hierarchy.fireObjectMeasurementsChangedEvent(MeasureJob.class, changed);
    }

    /** Classes that were measured before may not be there any more. */
    private static void clear(PathObject object) {
        for (String name : List.copyOf(object.getMeasurementList().getNames())) {
            if (name.startsWith(RegionMeasurements.PREFIX)) {
                object.getMeasurementList().remove(name);
            }
        }
    }
}
