package qupath.ext.hookpath.ui.train;

import javafx.scene.control.Label;
import javafx.scene.control.ProgressBar;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.Region;
import javafx.scene.shape.Rectangle;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.train.TrainSummary;

/** The end of a training: one sentence, and F1 by class. */
final class ResultPane {

    private ResultPane() {}

    static void fill(TrainSummary summary, Label text, GridPane scores) {
        String how = UiTexts.get(summary.stopped() ? "train.done.stopped" : "train.done",
                summary.epochs());
        String f1 = summary.epochs() == 0 ? "" : summary.f1() == null
                ? UiTexts.get("train.done.noF1")
                : UiTexts.get("train.done.f1", summary.f1(), summary.bestEpoch(),
                        summary.epochs());
        text.setText(String.join(f1.isEmpty() ? "" : " ", how, f1) + String.join(" ", "",
                UiTexts.get("train.done.where", summary.run().getFileName(), summary.run())));
        scores.getChildren().clear();
        if (summary.f1() == null) {
            return;
        }
        int columns = summary.f1ByClass().size() > 5 ? 2 : 1;
        int cell = 0;
        for (var one : summary.f1ByClass().entrySet()) {
            add(scores, cell % columns, cell / columns, one.getKey(), one.getValue());
            cell++;
        }
    }

    private static void add(GridPane scores, int column, int row, String name, Double f1) {
        Label label = new Label(name, new Rectangle(10, 10, QuPathClassColors.of(name)));
        label.setMinWidth(Region.USE_PREF_SIZE);
        boolean measured = f1 != null && Double.isFinite(f1);
        ProgressBar bar = new ProgressBar(measured ? f1 : 0);
        bar.setPrefWidth(220);
        String said = measured ? UiTexts.get("train.f1.value", f1) : UiTexts.get("train.f1.none");
        scores.add(label, 3 * column, row);
        scores.add(bar, 3 * column + 1, row);
        scores.add(new Label(said), 3 * column + 2, row);
    }
}
