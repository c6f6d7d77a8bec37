package qupath.ext.hookpath.train;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import qupath.ext.hookpath.ErrorMessages;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.JobInputWriter;
import qupath.ext.hookpath.JobLauncher;
import qupath.ext.hookpath.ProjectEntries;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.jobs.JobEvent;
import qupath.ext.hookpath.core.jobs.JobOutcome;
import qupath.ext.hookpath.core.jobs.JobProcess;
import qupath.ext.hookpath.core.jobs.JobRequest;
import qupath.ext.hookpath.core.training.TrainingRuns;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;

/**
 * One training, from what is annotated in a project to a model beside it. {@link #start} and
 * {@link #finish} both take a while: not for the JavaFX thread.
 */
public final class TrainJob {

    private static final Logger logger = LoggerFactory.getLogger(TrainJob.class);

    private final Project<BufferedImage> project;
    private final TrainOptions options;

    /**
     * A training that is still to be started.
     *
     * @param project what to learn from
     * @param options how
     */
    public TrainJob(Project<BufferedImage> project, TrainOptions options) {
        this.project = project;
        this.options = options;
    }

    /** Whether it goes on with an earlier run. */
    public boolean resumes() {
        return options.resume();
    }

    /** The run's folder. */
    public Path run() {
        return options.run();
    }

    /**
     * Writes down what is drawn and starts the job. A run that goes on takes what was drawn when
     * it was started, if that is still there.
     *
     * @param onEvent hears the job's events, on a thread of its own
     * @return the running job
     * @throws HookpathException no Python, no such image…; nothing was changed
     */
    public JobProcess start(Consumer<JobEvent> onEvent) {
        if (options.given().get("roles") instanceof Map<?, ?> named) {
            ImageRoles.write(project, ImageRoles.parse(project, named));
        }
        Path folder = JobLauncher.folder(project, "train");
        JobRequest.Builder request = options.request();
        if (!options.resume() || !TrainingRuns.hasSources(run())) {
            List<ProjectImageEntry<BufferedImage>> entries =
                    ProjectEntries.chosen(project, options.images());
            request.project(
                    new JobInputWriter(folder).project(project, entries,
                            JobInputWriter::annotations));
        }
        JobProcess job = JobLauncher.start(options.python(), folder, request.build(), onEvent);
        TrainingRuns.setUnderWay(run(), true);
        job.future().thenRun(() -> TrainingRuns.setUnderWay(run(), false));
        mark(false);
        return job;
    }

    /**
     * What came of it; of a training that was ended early the best model so far.
     *
     * @param outcome how the job ended
     * @throws HookpathException it failed, or there is no model yet
     */
    public TrainSummary finish(JobOutcome outcome) {
        boolean stopped = outcome.state() == JobOutcome.State.STOPPED;
        if (outcome.state() != JobOutcome.State.DONE && !stopped) {
            throw ErrorMessages.of(outcome);
        }
        TrainSummary summary = TrainSummary.read(run(), stopped);
        if (summary == null) {
            throw new HookpathException(UiTexts.get("train.error.stoppedTooEarly"));
        }
        mark(stopped);
        return summary;
    }

    /**
     * Takes away what a cancelled training left; one that went on with an earlier run leaves that
     * as it is now.
     *
     * @throws HookpathException its folder cannot be deleted
     */
    public void discard() {
        if (options.resume()) {
            return;
        }
        try {
            TrainingRuns.delete(run());
        } catch (IOException e) {
            throw new HookpathException(UiTexts.get("error.write", run(),
                    ErrorMessages.oneLine(e)), e);
        }
    }

    private void mark(boolean ended) {
        try {
            TrainingRuns.markEnded(run(), ended);
        } catch (IOException e) {
            logger.warn("{}: cannot be marked", run(), e);
        }
    }
}
