package qupath.ext.hookpath.loop;

import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.JobInputWriter;
import qupath.ext.hookpath.JobLauncher;
import qupath.ext.hookpath.ProjectEntries;
import qupath.ext.hookpath.ProjectResultImport;
import qupath.ext.hookpath.ScriptArguments;
import qupath.ext.hookpath.core.jobs.JobEvent;
import qupath.ext.hookpath.core.jobs.JobOutcome;
import qupath.ext.hookpath.core.jobs.JobProcess;
import qupath.ext.hookpath.core.jobs.JobRequest;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;

/**
 * Outlines of tissue by threshold on images of the open project, as annotations to be corrected
 * ({@code hookpath tissue}). {@link #start} and {@link #finish} take a while: not for the JavaFX
 * thread.
 */
public final class TissueJob {

    private final Project<BufferedImage> project;
    private final List<ProjectImageEntry<BufferedImage>> images;
    private final Map<String, ?> given;

    /**
     * A job that is still to be started.
     *
     * @param project the project
     * @param images those to outline
     * @param given {@code python}, and whatever {@code hookpath tissue} knows
     */
    public TissueJob(Project<BufferedImage> project,
            List<ProjectImageEntry<BufferedImage>> images, Map<String, ?> given) {
        this.project = project;
        this.images = List.copyOf(images);
        this.given = given;
    }

    /**
     * The job that a script asks for.
     *
     * @param project the project
     * @param current the image in the window or of the script, or null
     * @param given as for the constructor, and {@code images} (names or numbers; default: the
     *     current one)
     * @throws HookpathException no such image
     */
    public static TissueJob of(Project<BufferedImage> project,
            ProjectImageEntry<BufferedImage> current, Map<String, ?> given) {
        List<String> named = ScriptArguments.of(given).texts("images");
        return new TissueJob(project, named.isEmpty() && current != null
                ? List.of(current) : ProjectEntries.chosen(project, named), given);
    }

    /**
     * Writes down what is open and starts the job.
     *
     * @param onEvent hears the job's events, on a thread of its own
     * @return the running job
     * @throws HookpathException no Python…; nothing was changed
     */
    public JobProcess start(Consumer<JobEvent> onEvent) {
        var folder = JobLauncher.folder(project, "tissue");
        ScriptArguments options = ScriptArguments.of(given);
        String python = options.text("python", null);
        options.texts("images");
        JobRequest.Builder request = JobRequest.of("tissue");
        options.addTo(request);
        var part = new JobInputWriter(folder).projectWithSome(project, images, entry -> true);
        return JobLauncher.start(python, folder, request.project(part).build(), onEvent);
    }

    /**
     * Takes over what a job made, also of one that failed or was stopped half-way.
     *
     * @param outcome how the job ended
     * @return what became of it
     * @throws HookpathException nothing was made; everything is as before
     */
    public TissueSummary finish(JobOutcome outcome) {
        ProjectResultImport made = ProjectResultImport.orThrow(project, outcome);
        return new TissueSummary(made.changed(), made.added(), made.removed(), made.problems());
    }
}
