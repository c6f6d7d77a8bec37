package qupath.ext.hookpath.ui.setup;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javafx.application.Platform;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.ErrorMessages;
import qupath.ext.hookpath.SessionJobs;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.environment.SetupListener;
import qupath.ext.hookpath.core.environment.SetupProgress;
import qupath.ext.hookpath.core.jobs.JobEvent;
import qupath.ext.hookpath.core.jobs.JobListEntry;
import qupath.ext.hookpath.core.jobs.JobOutcome;

/**
 * The building of an environment, of which there is one at a time. It goes on when the window is
 * closed, and a window that is opened again shows it. For the JavaFX thread, unless said.
 */
public final class BackgroundBuild {

    private static final BackgroundBuild ONLY = new BackgroundBuild();
    private static final int MOST_CHARACTERS = 200_000;

    /** Whether one is running, and how the last one ended. */
    public enum State {
        /** Nothing was built since QuPath was started. */
        NONE,
        /** One is being built. */
        RUNNING,
        /** The last one is in use. */
        DONE,
        /** The last one failed or was cancelled. */
        FAILED
    }

    private final ReadOnlyObjectWrapper<State> state =
            new ReadOnlyObjectWrapper<>(this, "state", State.NONE);
    private final ReadOnlyObjectWrapper<SetupProgress> progress =
            new ReadOnlyObjectWrapper<>(this, "progress");
    private final ReadOnlyStringWrapper outcome = new ReadOnlyStringWrapper(this, "outcome", "");
    private final ReadOnlyStringWrapper log = new ReadOnlyStringWrapper(this, "log", "");
    private JobListEntry track;
    private volatile boolean cancelled;
    private final Thread atExit = new Thread(this::cancelAndWait, "hookpath setup");
    private boolean exitIsWatched;
    private volatile CountDownLatch ended = new CountDownLatch(0);

    private BackgroundBuild() {}

    /** The only one. */
    public static BackgroundBuild get() {
        return ONLY;
    }

    ReadOnlyObjectProperty<State> stateProperty() {
        return state.getReadOnlyProperty();
    }

    ReadOnlyObjectProperty<SetupProgress> progressProperty() {
        return progress.getReadOnlyProperty();
    }

    /** One line: what is done, or how it ended. */
    ReadOnlyStringProperty outcomeProperty() {
        return outcome.getReadOnlyProperty();
    }

    /** What was said so far. */
    ReadOnlyStringProperty logProperty() {
        return log.getReadOnlyProperty();
    }

    /** Whether one is being built. */
    public boolean isRunning() {
        return state.get() == State.RUNNING;
    }

    void start(SetupOptions options) {
        if (isRunning()) {
            return;
        }
        cancelled = false;
        ended = new CountDownLatch(1);
        watchExit();
        track = SessionJobs.begin(Path.of("setup"));
        track.stoppedBy(() -> Platform.runLater(this::cancel));
        log.set("");
        progress.set(null);
        outcome.set(UiTexts.get("setup.building"));
        state.set(State.RUNNING);
        BackgroundThreads.background().execute(() -> build(options));
    }

    void cancel() {
        cancelled = true;
        outcome.set(UiTexts.get("job.cancelling"));
    }

    private void watchExit() {
        if (!exitIsWatched) {
            exitIsWatched = true;
            Runtime.getRuntime().addShutdownHook(atExit);
        }
    }

    /** Ends it because QuPath ends; waits some seconds until nothing of it is left. */
    private void cancelAndWait() {
        cancelled = true;
        try {
            ended.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void build(SetupOptions options) {
        LineBuffer lines = new LineBuffer(this::append);
        try {
            PythonSetup.build(options, listener(lines), () -> cancelled);
            end(State.DONE, UiTexts.get("setup.built"));
        } catch (CancellationException e) {
            end(State.FAILED, UiTexts.get("setup.cancelled"));
        } catch (RuntimeException | Error e) {
            lines.add(ErrorMessages.oneLine(e));
            end(State.FAILED, ErrorMessages.oneLine(e));
        } finally {
            ended.countDown();
            lines.flush();
        }
    }

    private SetupListener listener(LineBuffer lines) {
        return new SetupListener() {
            @Override
            public void line(String text) {
                lines.add(text);
            }

            @Override
            public void progress(SetupProgress now) {
                Platform.runLater(() -> show(now));
            }
        };
    }

    private void show(SetupProgress now) {
        if (isRunning()) {
            progress.set(now);
            double left = now.secondsLeft();
            track.heard(new JobEvent.Progress(SetupProgressText.of(now), 0, null, "", Map.of(),
                    left < 0 ? null : left, false, now.part() < 0 ? null : now.part()));
        }
    }

    private void end(State how, String text) {
        Platform.runLater(() -> {
            track.ended(how == State.DONE ? JobOutcome.State.DONE
                    : cancelled ? JobOutcome.State.STOPPED : JobOutcome.State.FAILED, text);
            outcome.set(text);
            state.set(how);
        });
    }

    private void append(String text) {
        String all = log.get() + text;
        log.set(all.length() <= MOST_CHARACTERS ? all
                : all.substring(all.length() - MOST_CHARACTERS / 2));
    }
}
