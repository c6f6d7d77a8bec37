package qupath.ext.hookpath.predict;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import qupath.ext.hookpath.Exchange;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.JobStart;
import qupath.ext.hookpath.core.Event;
import qupath.ext.hookpath.core.Job;
import qupath.ext.hookpath.core.JobOutcome;
import qupath.ext.hookpath.core.Likeness;
import qupath.ext.hookpath.core.ProjectPart;
import qupath.ext.hookpath.core.Request;
import qupath.lib.projects.ProjectImageEntry;

/**
 * How images look to a model that is to predict them ({@code hookpath predict --dry-run}).
 *
 * @param hasReference whether the model knows what the images looked like that it learned from
 * @param images those that were looked at
 */
public record Foresight(boolean hasReference, List<Image> images) {

    /** Of many images, or planes of an image, so many are looked at. */
    public static final int MOST = 8;

    /**
     * One image.
     *
     * @param name its name
     * @param likeness to those that the model learned from; null: not known
     * @param problem why it would be refused, one line; null: it would not
     */
    public record Image(String name, Likeness likeness, String problem) {}

    /**
     * Starts looking; nothing in the project changes. Not for the JavaFX thread.
     *
     * @param target where to predict
     * @param options how
     * @param folder for the job
     * @throws IOException it cannot be started
     * @throws HookpathException no Python…
     */
    public static Job start(Target target, PredictOptions options, Path folder)
            throws IOException {
        Request.Builder request = Request.of("predict").option("model", options.model())
                .option("out", folder.resolve("out")).option("dry-run", true);
        options.rest().addTo(request);
        return JobStart.quietly(folder, request.project(handOver(target, folder)).build());
    }

    private static ProjectPart handOver(Target target, Path folder) {
        Exchange exchange = new Exchange(folder);
        return switch (target) {
            case Target.One one -> exchange.image(one.image(), one.project(), null);
            case Target.Several several -> {
                List<ProjectImageEntry<BufferedImage>> some = several.entries()
                        .subList(0, Math.min(MOST, several.entries().size()));
                yield exchange.projectWithSome(several.project(), some, entry -> false);
            }
        };
    }

    /** What was seen; null: it was stopped, or failed before an image was looked at. */
    public static Foresight of(JobOutcome outcome) {
        return outcome.results().stream().filter(r -> "dry_run".equals(r.kind())).findFirst()
                .map(Event.Result::data).map(Foresight::of).orElse(null);
    }

    private static Foresight of(JsonObject data) {
        List<Image> images = new ArrayList<>();
        for (JsonElement one : data.getAsJsonArray("images")) {
            JsonObject image = one.getAsJsonObject();
            images.add(new Image(Findings.text(image, "image"), Likeness.of(image),
                    Findings.text(image, "problem")));
        }
        return new Foresight(data.get("has_reference").getAsBoolean(), images);
    }

    /** Images that look unlike those that the model learned from. */
    public List<Image> unlike() {
        return images.stream().filter(one -> one.likeness() != null && one.likeness().isUnlike())
                .toList();
    }
}
