package qupath.ext.hookpath.ui;

import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import javafx.application.Platform;
import javafx.beans.property.BooleanProperty;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyBooleanWrapper;
import javafx.beans.property.SimpleBooleanProperty;
import javafx.fxml.FXML;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ProgressBar;
import javafx.scene.control.TextArea;
import javafx.scene.control.TitledPane;
import javafx.scene.layout.VBox;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.jobs.JobEvent;
import qupath.ext.hookpath.core.jobs.JobOutcome;
import qupath.ext.hookpath.core.jobs.JobProcess;
import qupath.ext.hookpath.core.jobs.MessageWording;
import qupath.ext.hookpath.core.jobs.DurationText;

/**
 * A running job: what it does, how far it is, the time left, buttons to end it, and its log. For
 * the JavaFX thread; everything that a caller passes in is called there, too, but {@link Starter}.
 */
public final class JobPane extends VBox {

    /** Prepares and starts a job; called on a background thread. */
    @FunctionalInterface
    public interface Starter {
        /**
         * Starts it.
         *
         * @param onEvent to be handed to {@link JobProcess#start}
         */
        JobProcess start(Consumer<JobEvent> onEvent) throws Exception;
    }

    private final ReadOnlyBooleanWrapper running = new ReadOnlyBooleanWrapper(this, "running");
    private final LogTail tail = new LogTail(this::append);
    private JobProcess job;
    private boolean cancelled;
    private final BooleanProperty stopping = new SimpleBooleanProperty();
    private Consumer<JobEvent> listener = event -> { };
    private BooleanSupplier beforeCancel = () -> true;

    @FXML private Label task;
    @FXML private Label timeLeft;
    @FXML private ProgressBar bar;
    @FXML private Button stop;
    @FXML private Button cancel;
    @FXML private TitledPane details;
    @FXML private TextArea text;

    /** An idle one. */
    public JobPane() {
        WindowFactory.load(this, "job-pane.fxml");
        WindowFactory.fold(stop);
        setStopText(null);
        cancel.disableProperty().bind(running.not());
        stop.disableProperty().bind(running.not().or(stopping));
        details.expandedProperty().addListener(
                (o, was, is) -> Platform.runLater(() -> WindowFactory.fit(this)));
        idle("");
    }

    /**
     * Offers to end the job early and keep what it has (besides cancelling it).
     *
     * @param label of the button; null: none
     */
    public void setStopText(String label) {
        stop.setText(label);
        stop.setVisible(label != null);
    }

    /** Hears all events besides this view; for curves and the like. */
    public void setOnEvent(Consumer<JobEvent> listener) {
        this.listener = listener;
    }

    /** Asks something when a person presses Cancel; false: not cancelled after all. */
    public void setBeforeCancel(BooleanSupplier beforeCancel) {
        this.beforeCancel = beforeCancel;
    }

    /**
     * Runs a job.
     *
     * @param starter starts it, in the background
     * @param whenDone hears how it ended, also of one that was cancelled
     * @param whenNotStarted hears why it could not be started
     */
    public void run(Starter starter, Consumer<JobOutcome> whenDone,
            Consumer<Throwable> whenNotStarted) {
        cancelled = false;
        stopping.set(false);
        job = null;
        text.clear();
        running.set(true);
        busy(UiTexts.get("job.starting"));
        BackgroundThreads.work(() -> {
            JobProcess started = starter.start(event -> Platform.runLater(() -> heard(event)));
            Platform.runLater(() -> started(started));
            return started.await();
        }, outcome -> ended(outcome, whenDone), problem -> {
            stopped();
            whenNotStarted.accept(problem);
        });
    }

    /** True from {@link #run} until the job has ended. */
    public ReadOnlyBooleanProperty runningProperty() {
        return running.getReadOnlyProperty();
    }

    /** Whether the last job was cancelled. */
    public boolean wasCancelled() {
        return cancelled;
    }

    @FXML
    private void cancelPressed() {
        if (beforeCancel.getAsBoolean()) {
            cancel();
        }
    }

    /** Ends the job with all its processes. */
    public void cancel() {
        cancelled = true;
        if (running.get()) {
            busy(UiTexts.get("job.cancelling"));
        }
        if (job != null) {
            job.cancel();
        }
    }

    /** Asks the job to end early and keep what it has. */
    @FXML
    public void stop() {
        if (job != null) {
            job.stop();
            stopping.set(true);
            busy(UiTexts.get("job.stopping"));
        }
    }

    /**
     * Shows that something else goes on, with a bar that only moves.
     *
     * @param what what it is
     */
    public void busy(String what) {
        task.setText(what);
        timeLeft.setText("");
        bar.setProgress(ProgressBar.INDETERMINATE_PROGRESS);
    }

    /**
     * Shows that nothing goes on.
     *
     * @param what what to say
     */
    public void idle(String what) {
        task.setText(what);
        timeLeft.setText("");
        bar.setProgress(0);
    }

    private void started(JobProcess started) {
        job = started;
        tail.follow(started.log());
        if (cancelled) {
            started.cancel();
        }
    }

    private void ended(JobOutcome outcome, Consumer<JobOutcome> whenDone) {
        stopped();
        whenDone.accept(outcome);
    }

    private void stopped() {
        tail.stop();
        running.set(false);
        idle("");
    }

    private void heard(JobEvent event) {
        switch (event) {
            case JobEvent.Progress progress when !cancelled && !stopping.get() -> show(progress);
            case JobEvent.Start start -> task.setText(UiTexts.get("job.loading"));
            case JobEvent.Info info -> {
                append(MessageWording.inWindow(info.message()) + "\n");
                if (bar.isIndeterminate() && !cancelled && !stopping.get()) {
                    task.setText(MessageWording.inWindow(
                            info.message()));   // nothing better to tell yet
                }
            }
            case JobEvent.Warning warning ->
                    append(UiTexts.get("job.warning", MessageWording.inWindow(warning.message()))
                            + "\n");
            default -> { }
        }
        listener.accept(event);
    }

    private void show(JobEvent.Progress progress) {
        task.setText(progress.total() == null ? progress.task() : UiTexts.get("job.progress",
                progress.task(), progress.done(), progress.total(), progress.unit()));
        Double left = progress.finished() ? null : progress.secondsLeft();
        timeLeft.setText(left == null ? "" : UiTexts.get("job.left", DurationText.about(left)));
        bar.setProgress(progress.fraction());
    }

    private void append(String lines) {
        text.appendText(lines);
    }
}
