package qupath.ext.hookpath.loop;

import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.JobLauncher;
import qupath.ext.hookpath.ProjectEntries;
import qupath.ext.hookpath.ScriptArguments;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.Plane;
import qupath.ext.hookpath.core.jobs.JobRequest;
import qupath.ext.hookpath.train.TrainOptions;
import qupath.lib.projects.Project;

/**
 * One step of the annotation loop.
 *
 * @param step {@code start}, {@code status}, {@code propose}, {@code next}, {@code accept},
 *     {@code retrain} or {@code merge}
 * @param folder the loop's folder
 * @param images ids of the images, or planes of them, that are meant; empty: as the step sees fit
 * @param python the Python to use; null: look for one
 * @param given all arguments as they were given
 */
public record LoopOptions(
        String step, Path folder, List<String> images, String python, Map<String, ?> given) {

    private static final List<String> STEPS =
            List.of("start", "status", "propose", "next", "accept", "retrain", "merge");
    private static final List<String> SETTABLE = List.of("start", "retrain");
    private static final List<String> OURS =
            List.of("loop", "image", "images", "python", "device", "spacings", "set");

    /**
     * Reads the arguments of a script.
     *
     * @param step the step
     * @param given {@code image} (name or number, of a plane {@code number@z2t0};
     *     several: a list), {@code loop} (the loop's
     *     folder), {@code device}, {@code spacings}, {@code set}, {@code python}, and whatever the
     *     step of {@code hookpath loop} knows
     * @param project the project
     * @throws HookpathException an argument makes no sense, or no loop has begun
     */
    public static LoopOptions of(
            String step, Map<String, ?> given, Project<BufferedImage> project) {
        if (!STEPS.contains(step)) {
            throw new HookpathException(
                    UiTexts.get("loop.error.step", step, String.join(", ", STEPS)));
        }
        ScriptArguments options = ScriptArguments.of(given);
        Path folder = options.path("loop");
        folder = folder == null ? folder(project) : folder.toAbsolutePath();
        if (!"start".equals(step) && !hasBegun(folder)) {
            throw new HookpathException(UiTexts.get("loop.why.notStarted"));
        }
        List<String> named = new ArrayList<>(options.texts("image"));
        named.addAll(options.texts("images"));
        return new LoopOptions(
                step, folder, ids(project, named), options.text("python", null), given);
    }

    /** Ids of images by name or number; of a plane of one, its id in the loop. */
    private static List<String> ids(Project<BufferedImage> project, List<String> named) {
        List<String> ids = new ArrayList<>();
        for (String name : named) {
            Plane plane = Plane.ofId(name);
            for (var entry : ProjectEntries.chosen(project, List.of(Plane.imageOf(name)))) {
                ids.add(plane == null ? entry.getID() : plane.idOn(entry.getID()));
            }
        }
        return ids;
    }

    /** Where a project's loop is: {@code hookpath/loop} in the project's folder. */
    public static Path folder(Project<BufferedImage> project) {
        return JobLauncher.base(project).resolve("hookpath").resolve("loop");
    }

    /** Whether a loop has begun in this folder. */
    public static boolean hasBegun(Path folder) {
        return Files.exists(folder.resolve("loop.json"));
    }

    /** Whether the step reads what is annotated on an image. */
    boolean needs(String id) {
        return switch (step) {
            case "status" -> false;
            case "accept" -> images.stream().map(Plane::imageOf).anyMatch(id::equals);
            default -> true;
        };
    }

    JobRequest.Builder request() {
        List<String> settings = settings();
        JobRequest.Builder request = JobRequest.of("loop").option("step", step).option("loop",
                folder)
                .option("image", images.isEmpty() ? null : images)
                .option("set", settings.isEmpty() ? null : settings);
        ScriptArguments rest = ScriptArguments.of(given);
        OURS.forEach(key -> rest.text(key, null));
        rest.addTo(request);
        return request;
    }

    private List<String> settings() {
        ScriptArguments options = ScriptArguments.of(given);
        List<String> settings = new ArrayList<>();
        List<String> spacings = options.texts("spacings");
        if (!spacings.isEmpty()) {
            settings.add(TrainOptions.spacings(options.text("model", "hooknet"), spacings));
        }
        String device = options.text("device", "auto");
        if (!"auto".equals(device)) {
            settings.add("device=" + device);
        }
        settings.addAll(options.texts("set"));
        if (!settings.isEmpty() && !SETTABLE.contains(step)) {
            throw new HookpathException(UiTexts.get("loop.error.setting", settings.get(0), step,
                    String.join(", ", SETTABLE)));
        }
        return settings;
    }
}
