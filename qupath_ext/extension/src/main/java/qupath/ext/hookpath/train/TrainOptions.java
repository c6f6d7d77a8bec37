package qupath.ext.hookpath.train;

import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.JobLauncher;
import qupath.ext.hookpath.ScriptArguments;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.jobs.JobRequest;
import qupath.ext.hookpath.core.models.NetworkFamilies;
import qupath.ext.hookpath.core.models.NetworkFamily;
import qupath.ext.hookpath.core.training.TrainingRunFolder;
import qupath.ext.hookpath.core.training.TrainingRuns;
import qupath.ext.hookpath.core.training.TrainingSettings;
import qupath.ext.hookpath.predict.ModelList;
import qupath.lib.projects.Project;

/**
 * How to train.
 *
 * @param run the run's folder; its {@code model/} is what comes of it
 * @param resume go on with the run that is there
 * @param python the Python to use; null: look for one
 * @param images names or numbers of the images to use; empty: all
 * @param settings {@code key=value}
 * @param given all arguments as they were given
 */
public record TrainOptions(Path run, boolean resume, String python, List<String> images,
        List<String> settings, Map<String, ?> given) {

    private static final List<String> OURS = List.of("name", "out", "resume", "python", "images",
            "classes", "channels", "spacings", "device", "set", "roles");

    /**
     * Reads the arguments of a script.
     *
     * @param given {@code name} (of the model in the project's {@code hookpath/models}) or
     *     {@code out} (the run's folder), {@code model} (family), {@code preset}, {@code classes},
     *     {@code channels} (of images that are no RGB), {@code spacings} (µm/px), {@code device},
     *     {@code set}, {@code images}, {@code resume}, {@code roles}, {@code python}, and whatever
     *     {@code hookpath train} knows
     * @param project where the model goes; may be null if {@code out} is given
     * @throws HookpathException an argument makes no sense
     */
    public static TrainOptions of(Map<String, ?> given, Project<BufferedImage> project) {
        ScriptArguments options = ScriptArguments.of(given);
        boolean resume = options.flag("resume", false);
        Path run = run(options, resume, project);
        if (resume && !Files.exists(run.resolve(TrainingRunFolder.RECORD))) {
            throw new HookpathException(UiTexts.get("train.error.noRun", run));
        }
        if (!resume && Files.exists(run)) {
            throw new HookpathException(UiTexts.get("train.error.exists", run));
        }
        return new TrainOptions(run, resume, options.text("python", null),
                options.texts("images"), settings(options), given);
    }

    /** Puts into a request what this record says. */
    JobRequest.Builder request() {
        JobRequest.Builder request = JobRequest.of("train").option("out", run).option("resume",
                resume)
                .option("set", settings.isEmpty() ? null : settings);
        ScriptArguments rest = ScriptArguments.of(given);
        OURS.forEach(key -> rest.text(key, null));
        if (resume) {
            rest.text("model", null);   // a run keeps its network, whatever a script's default is
        }
        rest.addTo(request);
        return request;
    }

    private static Path run(ScriptArguments options, boolean resume,
            Project<BufferedImage> project) {
        Path out = options.path("out");
        if (out != null) {
            return out.toAbsolutePath();
        }
        Path models = ModelList.modelsIn(JobLauncher.base(project));
        String family = options.text("model", "hooknet");
        String name = options.text("name", resume ? "" : TrainingRuns.freeName(models, family));
        if (name.isBlank() || name.contains("/") || name.contains("\\")) {
            throw new HookpathException(UiTexts.get("train.error.name", name));
        }
        return models.resolve(name);
    }

    private static List<String> settings(ScriptArguments options) {
        List<String> settings = new ArrayList<>();
        List<String> classes = options.texts("classes");
        if (!classes.isEmpty()) {
            settings.add(TrainingSettings.classes(classes));
        }
        List<String> channels = options.texts("channels");
        if (!channels.isEmpty()) {
            settings.add(TrainingSettings.channels(channels));
        }
        List<String> spacings = options.texts("spacings");
        if (!spacings.isEmpty()) {
            settings.add(spacings(options.text("model", "hooknet"), spacings));
        }
        String device = options.text("device", "auto");
        if (!"auto".equals(device)) {
            settings.add("device=" + device);
        }
        settings.addAll(options.texts("set"));
        return settings;
    }

    /**
     * µm/px as a setting; of a family that is not offered, Python says if it has it.
     *
     * @param name the family
     * @param um µm/px of its inputs, the result's first
     * @throws HookpathException one is no number, or the family takes none
     */
    public static String spacings(String name, List<String> um) {
        NetworkFamily family = NetworkFamilies.get(name);
        if (family != null && family.spacings() == null) {
            throw new HookpathException(UiTexts.get("train.error.noSpacings", name));
        }
        return TrainingSettings.spacings(family == null ? "model.spacings" : family.spacings(),
                um.stream().map(TrainOptions::um).toList());
    }

    private static double um(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new HookpathException(UiTexts.get("train.error.spacing", text), e);
        }
    }
}
