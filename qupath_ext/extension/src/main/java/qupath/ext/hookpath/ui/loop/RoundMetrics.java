package qupath.ext.hookpath.ui.loop;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import javafx.scene.control.Label;
import javafx.scene.layout.GridPane;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.loop.LoopStatus;

/** Metrics of the latest rounds: how good the model was, and how its proposals were corrected. */
final class RoundMetrics {

    private static final int MOST = 4;

    private RoundMetrics() {}

    static void fill(GridPane grid, LoopStatus status) {
        grid.getChildren().clear();
        int column = 0;
        for (String key : List.of("round", "f1", "corrected", "dice", "saved")) {
            Label head = new Label(UiTexts.get("loop.figures." + key));
            head.setStyle("-fx-font-weight: bold;");
            head.setMinWidth(key.equals("dice") ? 60 : Label.USE_PREF_SIZE);
            grid.add(head, column++, 0);
        }
        List<LoopStatus.Round> rounds = status.rounds();
        int from = Math.max(0, rounds.size() - MOST);
        for (int i = from; i < rounds.size(); i++) {
            addRow(grid, i - from + 1, rounds.get(i));
        }
    }

    private static void addRow(GridPane grid, int row, LoopStatus.Round round) {
        Label dice = new Label(byClass(round.dice()));
        dice.setWrapText(true);
        grid.addRow(row, whole(UiTexts.get("loop.figures.number", round.number())),
                whole(score(round.f1())),
                whole(UiTexts.get("loop.figures.number", round.corrected())), dice,
                whole(Double.isNaN(round.saved()) ? "–"
                        : UiTexts.get("loop.figures.percent", round.saved())));
    }

    /** A number that is never cut off. */
    private static Label whole(String text) {
        Label label = new Label(text);
        label.setMinWidth(Label.USE_PREF_SIZE);
        return label;
    }

    private static String byClass(Map<String, Double> scores) {
        return scores.isEmpty() ? "–" : scores.entrySet().stream()
                .map(e -> e.getKey() + " " + score(e.getValue()))
                .collect(Collectors.joining(", "));
    }

    private static String score(double value) {
        return Double.isNaN(value) ? "–" : UiTexts.get("train.f1.value", value);
    }
}
