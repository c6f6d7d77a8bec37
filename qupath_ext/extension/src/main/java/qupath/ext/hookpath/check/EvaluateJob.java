package qupath.ext.hookpath.check;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import qupath.ext.hookpath.ErrorMessages;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.JobInputWriter;
import qupath.ext.hookpath.JobLauncher;
import qupath.ext.hookpath.ScriptArguments;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.Plane;
import qupath.ext.hookpath.core.evaluation.EvaluationResult;
import qupath.ext.hookpath.core.jobs.JobEvent;
import qupath.ext.hookpath.core.jobs.JobOutcome;
import qupath.ext.hookpath.core.jobs.JobProcess;
import qupath.ext.hookpath.core.jobs.JobRequest;
import qupath.ext.hookpath.core.maps.MapSearch;
import qupath.ext.hookpath.core.maps.PredictionFolder;
import qupath.ext.hookpath.core.models.ModelFolder;
import qupath.lib.projects.Project;

/**
 * How well a model agrees with what is annotated in a project ({@code hookpath evaluate}): it is
 * predicted where something is annotated, and beside it, every image is asked about with a quick
 * network that learned from the others. {@link #start} and {@link #finish} take a while: not for
 * the JavaFX thread.
 */
public final class EvaluateJob {

    /** Folder of all checks beside the models, below {@code hookpath}. */
    public static final String FOLDER = "checks";

    private final Project<BufferedImage> project;
    private final ModelFolder model;
    private final Map<String, ?> given;

    /**
     * A check that is still to be started.
     *
     * @param project its images with annotated areas are looked at
     * @param model the model
     * @param given {@code python}, and whatever {@code hookpath evaluate} knows
     */
    public EvaluateJob(Project<BufferedImage> project, ModelFolder model, Map<String, ?> given) {
        this.project = project;
        this.model = model;
        this.given = given;
    }

    /** Where everything goes; an earlier check of the model makes room. */
    public Path out() {
        String name = model.name().replaceAll("[^\\p{L}\\p{N}._ -]", "_");
        String which = Integer.toHexString(model.path().toAbsolutePath().normalize().hashCode());
        return JobLauncher.place(project).resolve("hookpath").resolve(FOLDER)
                .resolve(name + "-" + which);
    }

    /**
     * Writes down what is annotated and starts the job.
     *
     * @param onEvent hears the job's events, on a thread of its own
     * @return the running job
     * @throws HookpathException no Python…; nothing was changed
     */
    public JobProcess start(Consumer<JobEvent> onEvent) {
        Path folder = JobLauncher.folder(project, "evaluate");
        try {
            Files.deleteIfExists(out().resolve(EvaluationResult.REPORT));
        } catch (IOException e) {
            throw new HookpathException(UiTexts.get("error.write", out(),
                    ErrorMessages.oneLine(e)), e);
        }
        ScriptArguments options = ScriptArguments.of(given);
        String python = options.text("python", null);
        JobRequest.Builder request = JobRequest.of("evaluate").option("model", model.path())
                .option("out", out()).option("only-annotated", true);
        options.addTo(request);
        var part = new JobInputWriter(folder)
                .project(project, project.getImageList(), JobInputWriter::annotations);
        return JobLauncher.start(python, folder, request.project(part).build(), onEvent);
    }

    /**
     * What came of it; images that could not be looked at are among its problems.
     *
     * @param outcome how the job ended
     * @throws HookpathException nothing came of it
     */
    public EvaluationResult finish(JobOutcome outcome) {
        try {
            return EvaluationResult.read(out());
        } catch (IOException e) {
            HookpathException failure = ErrorMessages.of(outcome);
            throw failure != null ? failure : new HookpathException(ErrorMessages.oneLine(e), e);
        }
    }

    /**
     * What an earlier check of the model found; null: there was none.
     */
    public EvaluationResult earlier() {
        try {
            return EvaluationResult.read(out());
        } catch (IOException e) {
            return null;
        }
    }

    /**
     * The map of what was predicted on an image.
     *
     * @param id the image's id
     * @param name its name
     * @return null: there is none
     */
    public Path map(String id, String name) {
        List<MapSearch.Found> found =
                MapSearch.mapsOf(name, null, Plane.FIRST, out().resolve("predictions"));
        String end = "-" + PredictionFolder.digest(id, name);
        return found.stream().map(MapSearch.Found::file)
                .filter(map -> map.getParent().toString().endsWith(end)).findFirst().orElse(null);
    }
}
