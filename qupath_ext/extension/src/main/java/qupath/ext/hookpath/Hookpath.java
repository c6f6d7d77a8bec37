package qupath.ext.hookpath;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import qupath.ext.hookpath.check.EvaluateJob;
import qupath.ext.hookpath.core.evaluation.EvaluationResult;
import qupath.ext.hookpath.core.jobs.JobEvent;
import qupath.ext.hookpath.core.jobs.JobOutcome;
import qupath.ext.hookpath.core.jobs.JobProcess;
import qupath.ext.hookpath.core.models.ModelFolder;
import qupath.ext.hookpath.loop.LoopJob;
import qupath.ext.hookpath.loop.LoopOptions;
import qupath.ext.hookpath.loop.LoopSummary;
import qupath.ext.hookpath.loop.TissueJob;
import qupath.ext.hookpath.loop.TissueSummary;
import qupath.ext.hookpath.measure.MeasureJob;
import qupath.ext.hookpath.measure.MeasureSummary;
import qupath.ext.hookpath.predict.ModelList;
import qupath.ext.hookpath.predict.PredictJob;
import qupath.ext.hookpath.predict.PredictOptions;
import qupath.ext.hookpath.predict.PredictSummary;
import qupath.ext.hookpath.predict.PredictTarget;
import qupath.ext.hookpath.predict.RedrawJob;
import qupath.ext.hookpath.preview.OpenedModel;
import qupath.ext.hookpath.preview.PreviewScripts;
import qupath.ext.hookpath.results.AnnotationExport;
import qupath.ext.hookpath.results.PredictionFolderImport;
import qupath.ext.hookpath.results.ResultRemoval;
import qupath.ext.hookpath.train.TrainJob;
import qupath.ext.hookpath.train.TrainOptions;
import qupath.ext.hookpath.train.TrainSummary;
import qupath.ext.hookpath.ui.setup.PythonSetup;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;
import qupath.lib.scripting.QP;

/**
 * What the menu does, for scripts: in the script editor, for a project, and headless
 * ({@code QuPath script x.groovy --project …}).
 *
 * <p>Arguments are Groovy's named arguments with the command line's option names in camelCase:
 * {@code Hookpath.predict(model: '/models/tumour', as: 'annotations', minArea: 200)}. Every call
 * waits until it is done and throws {@link HookpathException} with one line if it fails.
 */
public final class Hookpath {

    private static final Logger logger = LoggerFactory.getLogger(Hookpath.class);

    private Hookpath() {}

    /**
     * Predicts the current image and puts the results into it, in the place of earlier ones.
     *
     * @param arguments {@code model} (folder or name), {@code as} ({@code 'detections'},
     *     {@code 'annotations'}, {@code 'none'}), {@code selected: true} (inside what is selected),
     *     {@code inside} (inside annotations of this class; {@code '*'}: any), {@code minArea}
     *     (µm²), {@code simplify} (µm), {@code device}, {@code out}, {@code python}, and the
     *     other options of {@code hookpath predict}
     * @return what was found, areas in mm²
     * @throws HookpathException it failed; the image is as before
     */
    public static PredictSummary predict(Map<String, ?> arguments) {
        Project<BufferedImage> project = QP.getProject();
        OpenImage image = OpenImage.current();
        return predict(new PredictTarget.One(image, project, where(arguments)), arguments);
    }

    /**
     * Predicts images of the project, saves each (one in the window stays unsaved).
     *
     * @param arguments as for {@link #predict}, and {@code images} (names or numbers; default: all)
     * @return what was found, areas in mm²
     * @throws HookpathException all or some images failed; those that did not have their results
     */
    public static PredictSummary predictProject(Map<String, ?> arguments) {
        Project<BufferedImage> project = openProject();
        List<ProjectImageEntry<BufferedImage>> entries =
                ProjectEntries.chosen(project, ScriptArguments.of(arguments).texts("images"));
        return predict(new PredictTarget.Several(project, entries, where(arguments)), arguments);
    }

    /**
     * Imports predictions into the current image: a folder that {@code hookpath predict -o} wrote,
     * one image's folder in it, or a GeoJSON file.
     *
     * @param source path of the folder or file
     * @return how many objects were added, and how many earlier results made room
     * @throws HookpathException nothing fits the image, or it cannot be read
     */
    public static ImageResultImport.Counts importPredictions(String source) {
        return PredictionFolderImport.run(
                OpenImage.current(), QP.getProject(), Path.of(source), count -> { });
    }

    /**
     * Writes the annotations of the current image to {@code <slide's stem>.geojson}, as
     * {@code hookpath} reads them beside a slide.
     *
     * @param folder where to; made if it is missing
     * @return the file
     * @throws HookpathException it cannot be written
     */
    public static Path exportAnnotations(String folder) {
        return AnnotationExport.run(OpenImage.current(), Path.of(folder));
    }

    /** Takes all results away from the current image; what a person changed stays. */
    public static ResultRemoval.Summary removeResults() {
        return ResultRemoval.fromImage(OpenImage.current(), null);
    }

    /**
     * Takes the results of one run away from the current image; what a person changed stays.
     *
     * @param run the run's tag, see the object metadata {@code hookpath.run}
     */
    public static ResultRemoval.Summary removeResults(String run) {
        return ResultRemoval.fromImage(OpenImage.current(), run);
    }

    /**
     * Takes results away from images of the project and saves those (one in the window stays
     * unsaved).
     *
     * @param arguments {@code run} (default: all), {@code images} (names or numbers; default: all)
     * @return image name → number of objects
     * @throws HookpathException images that could not be changed; the others were
     */
    public static ResultRemoval.Summary removeResults(Map<String, ?> arguments) {
        ScriptArguments options = ScriptArguments.of(arguments);
        Project<BufferedImage> project = openProject();
        return ResultRemoval.fromProject(project,
                ProjectEntries.chosen(project, options.texts("images")),
                options.text("run", null));
    }

    private static Project<BufferedImage> openProject() {
        Project<BufferedImage> project = QP.getProject();
        if (project == null) {
            throw new HookpathException(UiTexts.get("error.noProject"));
        }
        return project;
    }

    /**
     * The settings of a script: those at its top, changed by the command line's
     * {@code --args name=value}.
     *
     * @param defaults name → value; also says whether a text, number, flag or list is expected
     * @param arguments the script's {@code args}
     * @return the settings that are not blank, ready for the other calls
     * @throws HookpathException an argument that makes no sense
     */
    public static Map<String, Object> settings(Map<String, ?> defaults, String... arguments) {
        return ScriptSettings.of(defaults, arguments);
    }

    /**
     * Turns the preview on for the image in the window: what is looked at is classified live.
     *
     * @param arguments {@code model} (folder or name; default: the one used last), {@code device},
     *     {@code python}
     * @return what was opened; null when called on the JavaFX thread, which must not wait
     * @throws HookpathException there is no window (headless), or model or image cannot be used
     */
    public static OpenedModel preview(Map<String, ?> arguments) {
        return PreviewScripts.start(arguments);
    }

    /**
     * Turns Live on for the image in the window: what is annotated on it is learned, again after
     * every stroke, and what was learned is shown over it. Nothing is written.
     *
     * @param arguments {@code device}, {@code python}
     * @throws HookpathException there is no window (headless), or no image
     */
    public static void live(Map<String, ?> arguments) {
        PreviewScripts.live(arguments);
    }

    /**
     * Keeps what Live has learned as a model, which every window then lists.
     *
     * @param name a free one
     * @return its folder; null when called on the JavaFX thread, which must not wait
     * @throws HookpathException nothing was learned yet, or a model cannot be called that
     */
    public static Path saveLive(String name) {
        return PreviewScripts.saveLive(name);
    }

    /** Turns the preview, or Live, off; its Python ends. */
    public static void stopPreview() {
        PreviewScripts.stop();
    }

    /**
     * Shows a map that a prediction left over the image in the window.
     *
     * @param tiff {@code probabilities.tif} or {@code classes.tif}; null: hides what is shown
     * @throws HookpathException there is no window (headless), or it is no map of hookpath's
     */
    public static void showProbabilityMap(String tiff) {
        PreviewScripts.showMap(tiff);
    }

    /**
     * Builds a Python environment with hookpath in it, or uses one that is there.
     *
     * @param arguments {@code python} (use this one); else {@code wheels} (a folder of wheels),
     *     {@code offline: true} (nothing but these), {@code torch} ({@code 'cpu'},
     *     {@code 'cuda'}, {@code 'default'}), {@code basePython}, {@code folder},
     *     {@code index} (address of a package index), {@code pythonMirror} (of a copy of
     *     python-build-standalone), {@code proxy}
     * @return path of the Python that is used from now on
     * @throws HookpathException it failed; what was used before is used on
     */
    public static String setUpPython(Map<String, ?> arguments) {
        return PythonSetup.run(arguments);
    }

    /**
     * Trains a model on what is annotated in the project, with the roles that its images have
     * ({@code hookpath.split}); the project's own files are not touched.
     *
     * @param arguments {@code name} (of the model, in the project's {@code hookpath/models}) or
     *     {@code out} (folder of the run), {@code model} ({@code 'hooknet'}, {@code 'unet'}),
     *     {@code preset} ({@code 'auto'}, {@code 'fast'}, {@code 'paper'}), {@code classes},
     *     {@code spacings} (µm/px, the result's first), {@code images} (names or numbers; default:
     *     all), {@code roles} (image → {@code 'train'}, {@code 'val'}, {@code 'test'}: kept in
     *     the project), {@code set} ({@code ['epochs=20']}), {@code resume: true}, {@code device},
     *     {@code python}, and the other options of {@code hookpath train}
     * @return where the model is, and how good
     * @throws HookpathException it failed; a run that was begun can be resumed
     */
    public static TrainSummary train(Map<String, ?> arguments) {
        Project<BufferedImage> project = QP.getProject();
        if (project == null) {
            throw new HookpathException(UiTexts.get("error.noProject"));
        }
        var training = new TrainJob(project, TrainOptions.of(arguments, project));
        return training.finish(await(training.start(Hookpath::log)));
    }

    /**
     * One step of the annotation loop on the project.
     *
     * @param step {@code 'start'}, {@code 'status'}, {@code 'propose'}, {@code 'next'} (ranks what
     *     is to do, shows where to look), {@code 'accept'}, {@code 'retrain'} or {@code 'merge'}
     *     (with {@code with}: another copy of the project)
     * @param arguments {@code image} (name or number; several: a list); for {@code accept} also
     *     {@code whole: true} or {@code region} (names or ids of annotations); for {@code start}
     *     {@code model}, {@code preset}, {@code rest}; {@code set}, {@code spacings},
     *     {@code device}, {@code loop} (the loop's folder), {@code python}, and the other options
     *     of {@code hookpath loop}
     * @return where the loop stands, and what was changed in the project
     * @throws HookpathException it failed; what was done before is in the project
     */
    public static LoopSummary loop(String step, Map<String, ?> arguments) {
        Project<BufferedImage> project = QP.getProject();
        if (project == null) {
            throw new HookpathException(UiTexts.get("error.noProject"));
        }
        var job = new LoopJob(project, LoopOptions.of(step, arguments, project));
        return job.finish(await(job.start(Hookpath::log)));
    }

    /**
     * Outlines the tissue by threshold, as annotations to be corrected; they take the place of
     * earlier results on the image.
     *
     * @param arguments {@code images} (names or numbers; default: the current image),
     *     {@code threshold} (grey value), {@code auto: true}, {@code saturation: true},
     *     {@code class}, {@code minArea} (µm²), {@code smooth} (µm), {@code python}, and the
     *     other options of {@code hookpath tissue}
     * @return how many outlines were made
     * @throws HookpathException all or some images failed; those that did not have their outlines
     */
    public static TissueSummary tissue(Map<String, ?> arguments) {
        Project<BufferedImage> project = openProject();
        var job = TissueJob.of(project, QP.getProjectEntry(), arguments);
        TissueSummary found = job.finish(await(job.start(Hookpath::log)));
        if (!found.problems().isEmpty()) {
            throw new HookpathException(UiTexts.get("error.someImages", found.problems().size(),
                    found.problems().size() + found.changed().size(), found.problems().get(0)));
        }
        return found;
    }

    /**
     * Makes the objects of finished predictions anew, from their maps; nothing is predicted again.
     *
     * @param arguments {@code model} (folder or name; the predictions that were made with it) or
     *     {@code predictions} (their folder), {@code images} (names or numbers; default: the
     *     current image), {@code as}, {@code threshold} (0…1), {@code smooth} (µm),
     *     {@code minArea} (µm²), {@code simplify} (µm), {@code python}, and the other options of
     *     {@code hookpath import}
     * @return how many objects were made
     * @throws HookpathException all or some images failed; the others have their objects
     */
    public static RedrawJob.Summary redraw(Map<String, ?> arguments) {
        Project<BufferedImage> project = openProject();
        ScriptArguments options = ScriptArguments.of(arguments);
        List<String> named = options.texts("images");
        var images = named.isEmpty() && QP.getProjectEntry() != null
                ? List.of(QP.getProjectEntry()) : ProjectEntries.chosen(project, named);
        Path predictions = options.path("predictions");
        Map<String, Object> rest = new LinkedHashMap<>(arguments);
        rest.remove("model");
        var redraw = new RedrawJob(project, images, predictions != null ? predictions
                : PredictOptions.of(Map.of("model", options.text("model", "")), project)
                        .outFolder(project), rest);
        RedrawJob.Summary found = redraw.finish(await(redraw.start(Hookpath::log)));
        if (!found.problems().isEmpty()) {
            throw new HookpathException(UiTexts.get("error.someImages", found.problems().size(),
                    found.problems().size() + found.changed().size(), found.problems().get(0)));
        }
        return found;
    }

    /**
     * Compares what is annotated in the project with what a model says there; nothing is changed.
     *
     * @param arguments {@code model} (folder or name), {@code leftOut: true} (also ask quick
     *     networks that learned without the image), {@code python}, {@code device}, and the other
     *     options of {@code hookpath evaluate}
     * @return metrics, and every annotated area, the most doubtful first
     * @throws HookpathException nothing could be compared
     */
    public static EvaluationResult check(Map<String, ?> arguments) {
        Project<BufferedImage> project = openProject();
        ScriptArguments options = ScriptArguments.of(arguments);
        ModelFolder model = ModelFolder.read(ModelList.named(options.text("model", ""), project));
        Map<String, Object> rest = new LinkedHashMap<>(arguments);
        rest.remove("model");
        var check = new EvaluateJob(project, model, rest);
        return check.finish(await(check.start(Hookpath::log)));
    }

    /**
     * Measures areas by class inside annotations, TMA cores and whole images, from the results that
     * are there, as measurements of these objects and one table.
     *
     * @param arguments {@code images} (names or numbers; default: the current image),
     *     {@code inside} (only annotations of this class; {@code '*'}: any), {@code out} (the
     *     table, a CSV file), {@code python}, and the other options of {@code hookpath measure}
     * @return what was measured
     * @throws HookpathException all or some images were not measured; the others were
     */
    public static MeasureSummary measure(Map<String, ?> arguments) {
        List<String> named = ScriptArguments.of(arguments).texts("images");
        MeasureJob measuring = named.isEmpty()
                ? MeasureJob.of(OpenImage.current(), QP.getProject(), arguments)
                : MeasureJob.of(openProject(), ProjectEntries.chosen(openProject(), named),
                        arguments);
        MeasureSummary found = measuring.finish(await(measuring.start(Hookpath::log)));
        if (!found.problems().isEmpty()) {
            throw new HookpathException(UiTexts.get("error.someImages", found.problems().size(),
                    found.problems().size() + found.images().size(), found.problems().get(0)));
        }
        return found;
    }

    private static PredictSummary predict(PredictTarget target, Map<String, ?> arguments) {
        var prediction =
                new PredictJob(target, PredictOptions.of(arguments, target.project()));
        PredictSummary summary = prediction.finish(await(prediction.start(Hookpath::log)));
        if (!summary.problems().isEmpty()) {
            throw new HookpathException(UiTexts.get("error.someImages", summary.problems().size(),
                    summary.problems().size() + summary.images().size(),
                    summary.problems().get(0)));
        }
        return summary;
    }

    private static PredictTarget.Where where(Map<String, ?> arguments) {
        ScriptArguments options = ScriptArguments.of(arguments);
        String inside = options.text("inside", null);
        if (options.flag("selected", false)) {
            return new PredictTarget.Where.Selected();
        }
        return inside == null ? new PredictTarget.Where.Everywhere()
                : new PredictTarget.Where.Inside(inside);
    }

    /** Waits for a job of a script. */
    static JobOutcome await(JobProcess job) {
        return JobLauncher.await(job);
    }

    /** What a job says, into QuPath's log. */
    static void log(JobEvent event) {
        switch (event) {
            case JobEvent.Info info -> logger.info(info.message());
            case JobEvent.Warning warning -> logger.warn(warning.message());
            case JobEvent.Progress progress when progress.finished() ->
                    logger.info("{}: {} {}", progress.task(), progress.done(), progress.unit());
            default -> { }
        }
    }
}
