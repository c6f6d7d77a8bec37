package qupath.ext.hookpath.ui.train;

import java.util.List;
import java.util.Map;
import javafx.fxml.FXML;
import javafx.scene.Node;
import javafx.scene.chart.LineChart;
import javafx.scene.chart.NumberAxis;
import javafx.scene.chart.XYChart;
import javafx.scene.control.Label;
import javafx.scene.layout.FlowPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Region;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.training.MetricCurves;
import qupath.ext.hookpath.ui.WindowFactory;

/** Loss and F1 over epochs as they come. */
public final class CurvesPane extends HBox {

    private static final String TRAINING = "#d9822b";
    private static final String VALIDATION = "#2f7fd0";
    private static final String MACRO = "-fx-text-background-color";

    @FXML private LineChart<Number, Number> loss;
    @FXML private LineChart<Number, Number> f1;
    @FXML private NumberAxis lossEpochs;
    @FXML private NumberAxis losses;
    @FXML private NumberAxis f1Epochs;
    @FXML private FlowPane lossLegend;
    @FXML private FlowPane f1Legend;

    /** Empty charts. */
    public CurvesPane() {
        WindowFactory.load(this, "curves-pane.fxml");
    }

    /**
     * Draws.
     *
     * @param curves what is known so far
     * @param epochs as many as there will be, or fewer if that is not known
     */
    public void show(MetricCurves curves, int epochs) {
        int last = Math.max(epochs, Math.max(1, curves.epochs()));
        scale(lossEpochs, last);
        scale(f1Epochs, last);
        losses.setAutoRanging(!curves.loss().isEmpty());
        clear(loss, lossLegend);
        clear(f1, f1Legend);
        line(loss, lossLegend, UiTexts.get("train.loss.train"), TRAINING, 2, curves.loss());
        line(loss, lossLegend, UiTexts.get("train.loss.val"), VALIDATION, 2,
                curves.validationLoss());
        for (Map.Entry<String, List<MetricCurves.Point>> one : curves.f1ByClass().entrySet()) {
            line(f1, f1Legend, one.getKey(), QuPathClassColors.css(one.getKey()), 1.5,
                    one.getValue());
        }
        line(f1, f1Legend, UiTexts.get("train.f1.macro"), MACRO, 3, curves.f1());
    }

    private static void scale(NumberAxis axis, int last) {
        axis.setUpperBound(last);
        axis.setTickUnit(Math.max(1, Math.ceil(last / 10.0)));
    }

    private static void clear(LineChart<Number, Number> chart, FlowPane legend) {
        chart.getData().clear();
        legend.getChildren().clear();
    }

    private static void line(LineChart<Number, Number> chart, FlowPane legend, String name,
            String color, double width, List<MetricCurves.Point> points) {
        if (points.isEmpty()) {
            return;
        }
        XYChart.Series<Number, Number> series = new XYChart.Series<>();
        points.forEach(p -> series.getData().add(new XYChart.Data<>(p.epoch(), p.value())));
        chart.getData().add(series);
        series.getNode().setStyle("-fx-stroke: " + color + "; -fx-stroke-width: " + width + ";");
        for (XYChart.Data<Number, Number> data : series.getData()) {
            style(data.getNode(), color);
        }
        legend.getChildren().add(entry(name, color, width));
    }

    private static void style(Node symbol, String color) {
        if (symbol != null) {
            symbol.setStyle("-fx-background-color: " + color
                    + "; -fx-background-radius: 3px; -fx-padding: 2.5px;");
        }
    }

    private static Label entry(String name, String color, double width) {
        Region sample = new Region();
        sample.setMinSize(18, width + 1);
        sample.setMaxSize(18, width + 1);
        sample.setStyle("-fx-background-color: " + color + ";");
        Label label = new Label(name, sample);
        label.setMinWidth(Region.USE_PREF_SIZE);
        return label;
    }
}
