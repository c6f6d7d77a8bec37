package qupath.ext.hookpath.ui.train;

import java.nio.file.Path;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.FormatStyle;
import java.util.List;
import java.util.function.Consumer;
import javafx.application.Platform;
import javafx.scene.control.Label;
import javafx.scene.layout.HBox;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.training.TrainingRunFolder;
import qupath.ext.hookpath.core.training.TrainingRuns;
import qupath.ext.hookpath.ui.WindowFactory;

/** Offers to go on with the training that was cut short last. */
final class ResumeBar {

    private final HBox bar;
    private final Label text;
    private TrainingRunFolder run;

    ResumeBar(HBox bar, Label text) {
        this.bar = bar;
        this.text = text;
        WindowFactory.fold(bar);
        bar.setVisible(false);
    }

    /** The run that is offered; null: none. */
    TrainingRunFolder run() {
        return run;
    }

    /** Looks for runs in the background. */
    void look(Path models) {
        offer(null);
        if (models != null) {
            BackgroundThreads.background().execute(() -> {
                List<TrainingRunFolder> found = unfinished(models);
                Platform.runLater(() -> offer(found.isEmpty() ? null : found.get(0)));
            });
        }
    }

    /** Runs that were cut short and that nobody ended on purpose. */
    static List<TrainingRunFolder> unfinished(Path models) {
        return TrainingRuns.interrupted(models).stream()
                .filter(one -> !TrainingRuns.wasEnded(one.path())).toList();
    }

    /** In one line what was cut short. */
    static String describe(TrainingRunFolder run) {
        String when = run.started() == null ? "?" : DateTimeFormatter
                .ofLocalizedDateTime(FormatStyle.SHORT).withZone(ZoneId.systemDefault())
                .format(run.started());
        return UiTexts.get("train.interrupted", run.path().getFileName(), when, run.epochsDone(),
                run.epochs());
    }

    /** No longer offers this run; what it learned stays on disk. */
    void forget(Consumer<Throwable> onProblem) {
        TrainingRunFolder gone = run;
        offer(null);
        BackgroundThreads.work(() -> {
            TrainingRuns.markEnded(gone.path(), true);
            return null;
        }, nothing -> { }, onProblem);
    }

    private void offer(TrainingRunFolder found) {
        run = found;
        bar.setVisible(found != null);
        text.setText(found == null ? "" : describe(found));
    }
}
