package qupath.ext.hookpath.ui.check;

import java.util.List;
import java.util.function.BiConsumer;
import javafx.fxml.FXML;
import javafx.geometry.Pos;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableView;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import javafx.scene.shape.Rectangle;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.evaluation.EvaluationResult;
import qupath.ext.hookpath.core.evaluation.EvaluationResult.Figure;
import qupath.ext.hookpath.core.jobs.RequestClass;
import qupath.ext.hookpath.ui.TableCells;
import qupath.ext.hookpath.ui.WindowFactory;
import qupath.lib.gui.tools.ColorToolsFX;
import qupath.lib.objects.classes.PathClass;

/** The confusion matrix, whose cells can be pressed, and F1 by class and by image. */
public final class ConfusionMatrixPane extends VBox {

    private static final double CELL = 68;

    private BiConsumer<String, String> onCell = (drawn, predicted) -> { };

    @FXML private GridPane matrix;
    @FXML private GridPane scores;
    @FXML private TableView<EvaluationResult.Image> images;

    /** An empty one. */
    public ConfusionMatrixPane() {
        WindowFactory.load(this, "confusion-matrix-pane.fxml");
    }

    /** Hears of a cell: what was drawn, and what was predicted; null: nothing was. */
    void setOnCell(BiConsumer<String, String> listener) {
        onCell = listener;
    }

    /** Shows the metrics of a part of the split. */
    void show(EvaluationResult found, String part) {
        EvaluationResult.Part figures = found.parts().get(part);
        matrix.getChildren().clear();
        scores.getChildren().clear();
        if (figures == null) {
            images.getItems().clear();
            return;
        }
        fillMatrix(found.classes(), figures);
        fillScores(found.classes(), figures);
        fillImages(found, part);
    }

    private void fillMatrix(List<RequestClass> classes, EvaluationResult.Part figures) {
        int count = classes.size();
        for (int i = 0; i < count; i++) {
            matrix.add(named(classes.get(i).name()), 0, i + 1);
            Label above = named(classes.get(i).name());
            above.setMaxWidth(CELL);
            matrix.add(above, i + 1, 0);
        }
        boolean missed = java.util.Arrays.stream(figures.confusion())
                .anyMatch(row -> row[row.length - 1] > 0);
        if (missed) {
            matrix.add(new Label(UiTexts.get("check.nothing")), count + 1, 0);
        }
        for (int drawn = 0; drawn < count; drawn++) {
            for (int predicted = 0; predicted < (missed ? count + 1 : count); predicted++) {
                matrix.add(cell(classes, figures, drawn, predicted), predicted + 1, drawn + 1);
            }
        }
    }

    private Button cell(
            List<RequestClass> classes, EvaluationResult.Part figures, int drawn, int predicted) {
        double share = figures.share(drawn, predicted);
        Button button = new Button(
                Double.isNaN(share) ? "–" : UiTexts.get("check.percent", share));
        button.setPrefWidth(CELL);
        button.setMinWidth(CELL);
        String name = predicted < classes.size() ? classes.get(predicted).name() : null;
        button.setTooltip(new Tooltip(UiTexts.get("check.cell", classes.get(drawn).name(),
                name == null ? UiTexts.get("check.nothing") : name)));
        button.setStyle(style(share, drawn == predicted));
        button.setDisable(figures.confusion()[drawn][predicted] == 0 || name == null);
        button.setOpacity(1);
        button.setOnAction(event -> onCell.accept(classes.get(drawn).name(), name));
        return button;
    }

    /** What is right is green, what is wrong is red, the more of it the stronger. */
    private static String style(double share, boolean isRight) {
        if (!(share > 0)) {
            return "-fx-background-radius: 2;";
        }
        double alpha = 0.12 + 0.6 * share;
        return String.format(java.util.Locale.ROOT,
                "-fx-background-color: rgba(%s, %.2f); -fx-background-radius: 2;"
                        + " -fx-text-fill: -fx-text-background-color;",
                isRight ? "30, 140, 60" : "210, 60, 20", alpha);
    }

    private void fillScores(List<RequestClass> classes, EvaluationResult.Part figures) {
        int row = 0;
        scores.add(new Label(UiTexts.get("check.f1")), 1, row);
        scores.add(new Label(UiTexts.get("check.interval")), 2, row++);
        for (RequestClass part : classes) {
            Figure f1 = figures.f1().get(part.name());
            if (f1 != null) {
                score(named(part.name()), f1, row++);
            }
        }
        Label all = new Label(UiTexts.get("check.macro"));
        all.setStyle("-fx-font-weight: bold;");
        score(all, figures.macroF1(), row);
    }

    private void score(Label name, Figure f1, int row) {
        scores.add(name, 0, row);
        scores.add(new Label(Double.isNaN(f1.value()) ? "–"
                : UiTexts.get("check.number", f1.value())), 1, row);
        scores.add(new Label(Double.isNaN(f1.low()) ? UiTexts.get("check.interval.none")
                : UiTexts.get("check.interval.value", f1.low(), f1.high())), 2, row);
    }

    private void fillImages(EvaluationResult found, String part) {
        images.getColumns().clear();
        column(UiTexts.get("check.image"), 190, image -> image.name());
        column(UiTexts.get("check.part"), 80, image -> image.part() == null ? ""
                : UiTexts.get("check.part.short." + image.part()));
        column(UiTexts.get("check.mean"), 90, image -> number(image.macroF1()));
        for (RequestClass one : found.classes()) {
            column(one.name(), 90, image ->
                    number(image.f1().getOrDefault(one.name(), Double.NaN)));
        }
        images.getItems().setAll(found.images().stream()
                .filter(i -> part.equals(EvaluationResult.ALL) || part.equals(i.part())).toList());
    }

    private void column(
            String title, double width, java.util.function.Function<EvaluationResult.Image,
                    String> text) {
        TableColumn<EvaluationResult.Image, String> column = new TableColumn<>(title);
        column.setPrefWidth(width);
        TableCells.show(column, text);
        images.getColumns().add(column);
    }

    private static String number(double value) {
        return Double.isNaN(value) ? "–" : UiTexts.get("check.number", value);
    }

    private static Label named(String className) {
        Rectangle square = new Rectangle(10, 10,
                ColorToolsFX.getPathClassColor(PathClass.fromString(className)));
        Label label = new Label(className, square);
        label.setMaxWidth(180);
        label.setTooltip(new Tooltip(className));
        label.setAlignment(Pos.CENTER_LEFT);
        label.setMinHeight(Region.USE_PREF_SIZE);
        return label;
    }
}
