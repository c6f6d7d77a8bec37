package qupath.ext.hookpath.predict;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.JobLauncher;
import qupath.ext.hookpath.Preferences;
import qupath.ext.hookpath.ScriptArguments;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.jobs.GroovyCall;
import qupath.lib.projects.Project;

/**
 * How to predict.
 *
 * @param model the model's folder, or that of the run that made it
 * @param as {@code detections}, {@code annotations} or {@code none}
 * @param python the Python to use; null: look for one
 * @param out folder for maps and GeoJSON; null: {@code hookpath/predictions/<model>} beside the
 *     project
 * @param given all arguments as they were given
 */
public record PredictOptions(
        Path model, String as, String python, Path out, Map<String, ?> given) {

    private static final List<String> KINDS = List.of("detections", "annotations", "none");

    /** Arguments that say where, not how. */
    static final List<String> WHERE = List.of("selected", "inside", "images");

    /**
     * Reads the arguments of a script.
     *
     * @param given {@code model} (folder, or the name of a model in the project's
     *     {@code hookpath/models}), {@code as}, {@code python}, {@code out}, and whatever
     *     {@code hookpath predict} knows
     * @param project to look for the model in; may be null
     * @throws HookpathException the model is missing or an argument makes no sense
     */
    public static PredictOptions of(Map<String, ?> given, Project<BufferedImage> project) {
        ScriptArguments options = ScriptArguments.of(given);
        String as = options.text("as", "detections").toLowerCase(Locale.ROOT);
        if (!KINDS.contains(as)) {
            throw new HookpathException(UiTexts.get("error.as", as));
        }
        Path model = ModelList.named(options.text("model", ""), project);
        return new PredictOptions(model, as, options.text("python", null), options.path("out"),
                given);
    }

    /** What goes to the command line besides what this record names. */
    ScriptArguments rest() {
        ScriptArguments rest = ScriptArguments.of(given);
        for (String key : List.of("model", "as", "python", "out")) {
            rest.text(key, null);
        }
        WHERE.forEach(key -> rest.text(key, null));
        return rest;
    }

    /** The line of Groovy that does it again on the image that is then current. */
    String script(String method) {
        Map<String, Object> arguments = new LinkedHashMap<>(given);
        arguments.put("model", model);
        arguments.remove("images");
        return GroovyCall.named(method, arguments);
    }

    /**
     * Where maps and GeoJSON go.
     *
     * @param project null: none
     */
    public Path outFolder(Project<BufferedImage> project) {
        if (out != null) {
            return out.toAbsolutePath();
        }
        Path name = "model".equals(model.getFileName().toString()) && model.getParent() != null
                ? model.getParent().getFileName() : model.getFileName();
        return JobLauncher.place(project).resolve("hookpath").resolve("predictions")
                .resolve(name == null ? "model" : name.toString());
    }

    /** Remembers the model's folder for the next time. */
    void remember() {
        Preferences.lastModel().set(model.toString());
    }
}
