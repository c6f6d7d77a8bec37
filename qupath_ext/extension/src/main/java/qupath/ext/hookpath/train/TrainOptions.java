package qupath.ext.hookpath.train;

import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.JobStart;
import qupath.ext.hookpath.Options;
import qupath.ext.hookpath.Texts;
import qupath.ext.hookpath.core.Families;
import qupath.ext.hookpath.core.Family;
import qupath.ext.hookpath.core.Request;
import qupath.ext.hookpath.core.RunFolder;
import qupath.ext.hookpath.core.TrainSettings;
import qupath.ext.hookpath.core.TrainingRuns;
import qupath.ext.hookpath.predict.Models;
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
     *     {@code channels} (of images that are no RGB), {@code spacings} (µm/px), {@code device}, {@code set}, {@code images}, {@code resume},
     *     {@code roles}, {@code python}, and whatever {@code hookpath train} knows
     * @param project where the model goes; may be null if {@code out} is given
     * @throws HookpathException an argument makes no sense
     */
    public static TrainOptions of(Map<String, ?> given, Project<BufferedImage> project) {
        Options options = Options.of(given);
        boolean resume = options.flag("resume", false);
        Path run = run(options, resume, project);
        if (resume && !Files.exists(run.resolve(RunFolder.RECORD))) {
            throw new HookpathException(Texts.get("train.error.noRun", run));
        }
        if (!resume && Files.exists(run)) {
            throw new HookpathException(Texts.get("train.error.exists", run));
        }
        return new TrainOptions(run, resume, options.text("python", null),
                options.texts("images"), settings(options), given);
    }

    /** Puts into a request what this record says. */
    Request.Builder request() {
        Request.Builder request = Request.of("train").option("out", run).option("resume", resume)
                .option("set", settings.isEmpty() ? null : settings);
        Options rest = Options.of(given);
        OURS.forEach(key -> rest.text(key, null));
        if (resume) {
            rest.text("model", null);   // a run keeps its network, whatever a script's default is
        }
        rest.addTo(request);
        return request;
    }

    private static Path run(Options options, boolean resume, Project<BufferedImage> project) {
        Path out = options.path("out");
        if (out != null) {
            return out.toAbsolutePath();
        }
        Path models = Models.modelsIn(JobStart.base(project));
        String family = options.text("model", "hooknet");
        String name = options.text("name", resume ? "" : TrainingRuns.freeName(models, family));
        if (name.isBlank() || name.contains("/") || name.contains("\\")) {
            throw new HookpathException(Texts.get("train.error.name", name));
        }
        return models.resolve(name);
    }

    private static List<String> settings(Options options) {
        List<String> settings = new ArrayList<>();
        List<String> classes = options.texts("classes");
        if (!classes.isEmpty()) {
            settings.add(TrainSettings.classes(classes));
        }
        List<String> channels = options.texts("channels");
        if (!channels.isEmpty()) {
            settings.add(TrainSettings.channels(channels));
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
        Family family = Families.get(name);
        if (family != null && family.spacings() == null) {
            throw new HookpathException(Texts.get("train.error.noSpacings", name));
        }
        return TrainSettings.spacings(family == null ? "model.spacings" : family.spacings(),
                um.stream().map(TrainOptions::um).toList());
    }

    private static double um(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new HookpathException(Texts.get("train.error.spacing", text), e);
        }
    }
}
