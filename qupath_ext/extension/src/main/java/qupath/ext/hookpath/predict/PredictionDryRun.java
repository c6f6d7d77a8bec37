package qupath.ext.hookpath.predict;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.JobInputWriter;
import qupath.ext.hookpath.JobLauncher;
import qupath.ext.hookpath.core.jobs.JobEvent;
import qupath.ext.hookpath.core.jobs.JobOutcome;
import qupath.ext.hookpath.core.jobs.JobProcess;
import qupath.ext.hookpath.core.jobs.JobRequest;
import qupath.ext.hookpath.core.jobs.RequestProject;
import qupath.ext.hookpath.core.models.OutOfDistribution;
import qupath.lib.projects.ProjectImageEntry;

/**
 * How images look to a model that is to predict them ({@code hookpath predict --dry-run}).
 *
 * @param hasReference whether the model knows what the images looked like that it learned from
 * @param images those that were looked at
 */
public record PredictionDryRun(boolean hasReference, List<Image> images) {

    /** Of many images, or planes of an image, so many are looked at. */
    public static final int MOST = 8;

    /**
     * One image.
     *
     * @param name its name
     * @param likeness to those that the model learned from; null: not known
     * @param problem why it would be refused, one line; null: it would not
     */
    public record Image(String name, OutOfDistribution likeness, String problem) {}

    /**
     * Starts looking; nothing in the project changes. Not for the JavaFX thread.
     *
     * @param target where to predict
     * @param options how
     * @param folder for the job
     * @throws IOException it cannot be started
     * @throws HookpathException no Python…
     */
    public static JobProcess start(PredictTarget target, PredictOptions options, Path folder)
            throws IOException {
        JobRequest.Builder request = JobRequest.of("predict").option("model", options.model())
                .option("out", folder.resolve("out")).option("dry-run", true);
        options.rest().addTo(request);
        return JobLauncher.quietly(folder, request.project(handOver(target, folder)).build());
    }

    private static RequestProject handOver(PredictTarget target, Path folder) {
        JobInputWriter exchange = new JobInputWriter(folder);
        return switch (target) {
            case PredictTarget.One one -> exchange.image(one.image(), one.project(), null);
            case PredictTarget.Several several -> {
                List<ProjectImageEntry<BufferedImage>> some = several.entries()
                        .subList(0, Math.min(MOST, several.entries().size()));
                yield exchange.projectWithSome(several.project(), some, entry -> false);
            }
        };
    }

    /** What was seen; null: it was stopped, or failed before an image was looked at. */
    public static PredictionDryRun of(JobOutcome outcome) {
        return outcome.results().stream().filter(r -> "dry_run".equals(r.kind())).findFirst()
                .map(JobEvent.Result::data).map(PredictionDryRun::of).orElse(null);
    }

    private static PredictionDryRun of(JsonObject data) {
        List<Image> images = new ArrayList<>();
        for (JsonElement one : data.getAsJsonArray("images")) {
            JsonObject image = one.getAsJsonObject();
            images.add(new Image(PredictionFindings.text(image, "image"),
                    OutOfDistribution.of(image),
                    PredictionFindings.text(image, "problem")));
        }
        return new PredictionDryRun(data.get("has_reference").getAsBoolean(), images);
    }

    /** Images that look unlike those that the model learned from. */
    public List<Image> unlike() {
        return images.stream().filter(one -> one.likeness() != null && one.likeness().isUnlike())
                .toList();
    }
}
