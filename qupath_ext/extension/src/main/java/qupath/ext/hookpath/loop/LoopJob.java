package qupath.ext.hookpath.loop;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.function.Consumer;
import qupath.ext.hookpath.ErrorMessages;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.JobInputWriter;
import qupath.ext.hookpath.JobLauncher;
import qupath.ext.hookpath.ProjectResultImport;
import qupath.ext.hookpath.core.jobs.JobEvent;
import qupath.ext.hookpath.core.jobs.JobOutcome;
import qupath.ext.hookpath.core.jobs.JobProcess;
import qupath.ext.hookpath.core.loop.LoopStatus;
import qupath.lib.projects.Project;

/**
 * One step of the annotation loop on the open project: images and annotations are handed over,
 * proposals and states come back and are imported here; Python never touches the project.
 * {@link #start} and {@link #finish} take a while: not for the JavaFX thread.
 */
public final class LoopJob {

    private final Project<BufferedImage> project;
    private final LoopOptions options;

    /**
     * A step that is still to be started.
     *
     * @param project the project
     * @param options what to do
     */
    public LoopJob(Project<BufferedImage> project, LoopOptions options) {
        this.project = project;
        this.options = options;
    }

    /**
     * Writes down what is open and starts the job.
     *
     * @param onEvent hears the job's events, on a thread of its own
     * @return the running job
     * @throws HookpathException no Python…; nothing was changed
     */
    public JobProcess start(Consumer<JobEvent> onEvent) {
        Path folder = JobLauncher.folder(project, "loop-" + options.step());
        var part = new JobInputWriter(folder).projectWithSome(project, project.getImageList(),
                entry -> options.needs(entry.getID()));
        return JobLauncher.start(options.python(), folder,
                options.request().project(part).build(), onEvent);
    }

    /**
     * Takes over what a job made, also of one that failed or was stopped half-way.
     *
     * @param outcome how the job ended
     * @return what became of it
     * @throws HookpathException it failed; what it had done before is in the project
     */
    public LoopSummary finish(JobOutcome outcome) {
        ProjectResultImport made = ProjectResultImport.of(project, outcome);
        HookpathException failure = ErrorMessages.of(outcome);
        if (failure != null) {
            throw failure;
        }
        return new LoopSummary(options.step(), LoopStatus.in(outcome.results()), made.changed(),
                made.added(), made.removed(), made.problems(),
                LoopStatus.names(outcome.results(), "next", "ranked"),
                LoopStatus.names(outcome.results(), "merged", "conflicts"));
    }
}
