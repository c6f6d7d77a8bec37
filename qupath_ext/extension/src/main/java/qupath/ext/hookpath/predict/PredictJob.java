package qupath.ext.hookpath.predict;

import com.google.gson.JsonObject;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import qupath.ext.hookpath.ErrorMessages;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.ImageResultImport;
import qupath.ext.hookpath.JobInputWriter;
import qupath.ext.hookpath.JobLauncher;
import qupath.ext.hookpath.OpenImage;
import qupath.ext.hookpath.ProjectEntries;
import qupath.ext.hookpath.TargetRegions;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.Plane;
import qupath.ext.hookpath.core.jobs.JobEvent;
import qupath.ext.hookpath.core.jobs.JobOutcome;
import qupath.ext.hookpath.core.jobs.JobProcess;
import qupath.ext.hookpath.core.jobs.JobRequest;
import qupath.ext.hookpath.core.jobs.RequestImage;
import qupath.ext.hookpath.core.jobs.RequestProject;
import qupath.ext.hookpath.core.jobs.ResultIndex.ImageResult;
import qupath.ext.hookpath.core.models.OutOfDistribution;
import qupath.lib.objects.PathObject;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;

/**
 * One prediction, from what is open in QuPath to results in it. {@link #start} and {@link #finish}
 * both take a while: not for the JavaFX thread.
 */
public final class PredictJob {

    private static final Logger logger = LoggerFactory.getLogger(PredictJob.class);

    private final PredictTarget target;
    private final PredictOptions options;
    private final Map<String, TargetRegions> regions = new HashMap<>();
    private RequestProject handedOver;

    /**
     * A prediction that is still to be started.
     *
     * @param target where to predict
     * @param options how
     */
    public PredictJob(PredictTarget target, PredictOptions options) {
        this.target = target;
        this.options = options;
    }

    /**
     * Writes down what is open and starts the job.
     *
     * @param onEvent hears the job's events, on a thread of its own
     * @return the running job
     * @throws HookpathException nothing to predict in, no Python…; nothing was changed
     */
    public JobProcess start(Consumer<JobEvent> onEvent) {
        Path folder = JobLauncher.folder(target.project(), "predict");
        handedOver = handOver(new JobInputWriter(folder));
        JobRequest.Builder request = JobRequest.of("predict")
                .option("model", options.model())
                .option("out", options.outFolder(target.project()))
                .option("as", options.as())
                .option("inside", regions.isEmpty() ? null : TargetRegions.ANY);
        options.rest().addTo(request);
        options.remember();
        return JobLauncher.start(
                options.python(), folder, request.project(handedOver).build(), onEvent);
    }

    /**
     * Takes over what a job made, also of one that failed or was stopped half-way.
     *
     * @param outcome how the job ended
     * @return what became of it; images that failed are among its problems
     * @throws HookpathException nothing was made; everything is as before
     */
    public PredictSummary finish(JobOutcome outcome) {
        PredictionFindings findings = PredictionFindings.of(outcome);
        List<PredictSummary.Image> images = new ArrayList<>();
        List<String> problems = new ArrayList<>(findings.problems());
        for (RequestImage part : handedOver.images()) {
            List<JsonObject> found = findings.of(part);
            ImageResult result = outcome.index().images().get(part.id());
            if (found.isEmpty() && result == null) {
                continue;
            }
            try {
                images.add(takeOver(part, found, result));
            } catch (RuntimeException e) {
                logger.warn("{}: results not imported", part.name(), e);
                problems.add(part.name() + ": " + ErrorMessages.oneLine(e));
            }
        }
        keepLikeness(images);
        HookpathException failure = ErrorMessages.of(outcome);
        if (images.isEmpty() && (failure != null || !problems.isEmpty())) {
            throw failure != null ? failure : new HookpathException(problems.get(0));
        }
        if (failure != null && problems.isEmpty()) {
            problems.add(failure.getMessage());
        }
        return new PredictSummary(images, problems, options.outFolder(target.project()));
    }

    private PredictSummary.Image takeOver(
            RequestImage part, List<JsonObject> found, ImageResult result) {
        var counts = new ImageResultImport.Counts(0, 0);
        if (result != null) {
            OpenImage image = image(part.id());
            counts = new ImageResultImport(image).project(target.project())
                    .regions(regions.getOrDefault(part.id(), TargetRegions.EVERYWHERE))
                    .planes(found.stream().map(PredictionFindings::planeOf).toList())
                    .step(UiTexts.get("step.predict"), options.script("predict"))
                    .run(result);
            if (target instanceof PredictTarget.Several) {
                image.saveUnlessShown();
            } else {
                image.saveIfFromFile();
            }
        }
        return new PredictSummary.Image(part.id(), part.name(),
                result == null ? PredictionFindings.text(found.getFirst(), "run") : result.run(),
                areas(found), counts.added(), counts.removed(), folders(found),
                found.stream().map(OutOfDistribution::of).filter(Objects::nonNull)
                        .max(Comparator.comparingDouble(OutOfDistribution::score)).orElse(null));
    }

    private static Map<Plane, Path> folders(List<JsonObject> found) {
        Map<Plane, Path> folders = new LinkedHashMap<>();
        for (JsonObject plane : found) {
            if (PredictionFindings.text(plane, "folder") != null) {
                folders.put(PredictionFindings.planeOf(plane),
                        Path.of(PredictionFindings.text(plane, "folder")));
            }
        }
        return folders;
    }

    /** A project's list of images can be sorted by it. */
    private void keepLikeness(List<PredictSummary.Image> images) {
        Project<BufferedImage> project = target.project();
        if (project == null || !JobLauncher.isWritable(project)) {
            return;
        }
        boolean changed = false;
        for (ProjectImageEntry<BufferedImage> entry : project.getImageList()) {
            for (PredictSummary.Image image : images) {
                changed |= image.id().equals(entry.getID()) && ProjectEntries.set(
                        entry.getMetadata(), OutOfDistribution.metadata(image.likeness()));
            }
        }
        if (changed) {
            try {
                ProjectEntries.save(project);
            } catch (HookpathException e) {
                logger.warn("How unlike images are is not kept", e); // the results are there
            }
        }
    }

    private OpenImage image(String id) {
        return switch (target) {
            case PredictTarget.One one -> one.image().now(one.project());
            case PredictTarget.Several several -> OpenImage.of(several.project(), several.entries()
                    .stream().filter(entry -> entry.getID().equals(id)).findFirst().orElseThrow());
        };
    }

    private RequestProject handOver(JobInputWriter exchange) {
        return switch (target) {
            case PredictTarget.One one -> exchange.image(one.image(), one.project(),
                    regionsOf(one.image().id(), one.image().name(), one.image().objects(),
                            one.image().selected()));
            case PredictTarget.Several several -> severalImages(exchange, several);
        };
    }

    private RequestProject severalImages(JobInputWriter exchange, PredictTarget.Several several) {
        Project<BufferedImage> project = several.project();
        List<RequestImage> images = new ArrayList<>();
        RequestProject last = null;
        for (ProjectImageEntry<BufferedImage> entry : several.entries()) {
            last = exchange.project(project, List.of(entry), objects ->
                    regionsOf(entry.getID(), entry.getImageName(), objects, List.of()));
            images.addAll(last.images());
        }
        if (last == null) {
            throw new HookpathException(UiTexts.get("error.noImages"));
        }
        return new RequestProject(last.name(), last.classes(), images);
    }

    private List<PathObject> regionsOf(String id, String name, Collection<PathObject> objects,
            Collection<PathObject> selected) {
        List<PathObject> found = target.regions(name, objects, selected);
        if (found != null) {
            regions.put(id, TargetRegions.of(found));
        }
        return found;
    }

    /** Over all planes. */
    private static Map<String, Double> areas(List<JsonObject> found) {
        Map<String, Double> areas = new LinkedHashMap<>();
        for (JsonObject plane : found) {
            if (plane.get("areas_mm2") instanceof JsonObject listed) {
                listed.entrySet().forEach(e -> areas.merge(
                        e.getKey(), e.getValue().getAsDouble(), Double::sum));
            }
        }
        return areas;
    }
}
