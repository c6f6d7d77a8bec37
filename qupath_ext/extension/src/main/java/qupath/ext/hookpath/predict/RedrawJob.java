package qupath.ext.hookpath.predict;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.JobInputWriter;
import qupath.ext.hookpath.JobLauncher;
import qupath.ext.hookpath.ProjectResultImport;
import qupath.ext.hookpath.ScriptArguments;
import qupath.ext.hookpath.core.jobs.JobEvent;
import qupath.ext.hookpath.core.jobs.JobOutcome;
import qupath.ext.hookpath.core.jobs.JobProcess;
import qupath.ext.hookpath.core.jobs.JobRequest;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;

/**
 * Objects of finished predictions, drawn anew from their maps with another threshold, smoothing or
 * least area ({@code hookpath import}); nothing is predicted again. {@link #start} and
 * {@link #finish} take a while: not for the JavaFX thread.
 */
public final class RedrawJob {

    private final Project<BufferedImage> project;
    private final List<ProjectImageEntry<BufferedImage>> images;
    private final Path predictions;
    private final Map<String, ?> given;

    /**
     * What became of it.
     *
     * @param changed names of the images that got other objects
     * @param added objects added
     * @param removed earlier results taken away
     * @param problems one line for each image that failed
     */
    public record Summary(List<String> changed, int added, int removed, List<String> problems) {}

    /**
     * A job that is still to be started.
     *
     * @param project the project
     * @param images those of its images; what was not predicted stays as it is
     * @param predictions folder of a run of predictions
     * @param given {@code as}, {@code threshold} (0…1), {@code smooth} (µm), {@code minArea}
     *     (µm²), {@code simplify} (µm), {@code python}, and whatever {@code hookpath import}
     *     knows
     */
    public RedrawJob(Project<BufferedImage> project, List<ProjectImageEntry<BufferedImage>> images,
            Path predictions, Map<String, ?> given) {
        this.project = project;
        this.images = List.copyOf(images);
        this.predictions = predictions;
        this.given = given;
    }

    /**
     * Starts the job.
     *
     * @param onEvent hears the job's events, on a thread of its own
     * @return the running job
     * @throws HookpathException no Python…; nothing was changed
     */
    public JobProcess start(Consumer<JobEvent> onEvent) {
        Path folder = JobLauncher.folder(project, "import");
        ScriptArguments options = ScriptArguments.of(given);
        String python = options.text("python", null);
        options.texts("images");
        options.path("predictions");
        JobRequest.Builder request = JobRequest.of("import").option("predictions", predictions);
        options.addTo(request);
        var part = new JobInputWriter(folder).projectWithSome(project, images, entry -> false);
        return JobLauncher.start(python, folder, request.project(part).build(), onEvent);
    }

    /**
     * Takes over what a job made, also of one that failed half-way; images in no viewer are saved.
     *
     * @param outcome how the job ended
     * @throws HookpathException nothing was made; everything is as before
     */
    public Summary finish(JobOutcome outcome) {
        ProjectResultImport made = ProjectResultImport.orThrow(project, outcome);
        return new Summary(made.changed(), made.added(), made.removed(), made.problems());
    }
}
