package qupath.ext.hookpath.train;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import qupath.ext.hookpath.Entries;
import qupath.ext.hookpath.Exchange;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.JobStart;
import qupath.ext.hookpath.Problems;
import qupath.ext.hookpath.Texts;
import qupath.ext.hookpath.core.Event;
import qupath.ext.hookpath.core.Job;
import qupath.ext.hookpath.core.JobOutcome;
import qupath.ext.hookpath.core.Request;
import qupath.ext.hookpath.core.TrainingRuns;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;

/**
 * One training, from what is annotated in a project to a model beside it. {@link #start} and
 * {@link #finish} both take a while: not for the JavaFX thread.
 */
public final class Training {

    private static final Logger logger = LoggerFactory.getLogger(Training.class);

    private final Project<BufferedImage> project;
    private final TrainOptions options;

    /**
     * A training that is still to be started.
     *
     * @param project what to learn from
     * @param options how
     */
    public Training(Project<BufferedImage> project, TrainOptions options) {
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
    public Job start(Consumer<Event> onEvent) {
        if (options.given().get("roles") instanceof Map<?, ?> named) {
            Roles.write(project, Roles.parse(project, named));
        }
        Path folder = JobStart.folder(project, "train");
        Request.Builder request = options.request();
        if (!options.resume() || !TrainingRuns.hasSources(run())) {
            List<ProjectImageEntry<BufferedImage>> entries =
                    Entries.chosen(project, options.images());
            request.project(
                    new Exchange(folder).project(project, entries, Exchange::annotations));
        }
        Job job = JobStart.start(options.python(), folder, request.build(), onEvent);
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
            throw Problems.of(outcome);
        }
        TrainSummary summary = TrainSummary.read(run(), stopped);
        if (summary == null) {
            throw new HookpathException(Texts.get("train.error.stoppedTooEarly"));
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
            throw new HookpathException(Texts.get("error.write", run(), Problems.oneLine(e)), e);
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
