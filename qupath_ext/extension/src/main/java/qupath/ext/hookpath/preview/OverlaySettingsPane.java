package qupath.ext.hookpath.preview;

import java.util.ArrayList;
import java.util.List;
import javafx.beans.binding.Bindings;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyBooleanWrapper;
import javafx.fxml.FXML;
import javafx.scene.control.CheckBox;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.Slider;
import javafx.scene.layout.FlowPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.VBox;
import javafx.scene.paint.Color;
import javafx.scene.paint.CycleMethod;
import javafx.scene.paint.LinearGradient;
import javafx.scene.paint.Stop;
import javafx.scene.shape.Rectangle;
import javafx.util.StringConverter;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.jobs.RequestClass;
import qupath.ext.hookpath.core.maps.MapColors;
import qupath.ext.hookpath.core.maps.MapColors.What;
import qupath.ext.hookpath.ui.WindowFactory;
import qupath.lib.gui.viewer.OverlayOptions;

/**
 * What is painted over the slide and how: the likeliest classes, the probability of one, or the
 * uncertainty; from which value on, how opaque. For JavaFX's thread.
 */
public final class OverlaySettingsPane extends VBox {

    private static final double SQUARE = 12;
    private static final int STOPS = 8;

    /**
     * What can be painted.
     *
     * @param className of {@link What#CLASS}; else null
     */
    private record Layer(What what, int index, String className) {

        boolean isAs(Layer other) {
            return other != null && what == other.what
                    && java.util.Objects.equals(className, other.className);
        }
    }

    private final ReadOnlyBooleanWrapper likeliest = new ReadOnlyBooleanWrapper(true);
    private ClassRenderer renderer;
    private Runnable repaint = () -> { };

    @FXML private ComboBox<Layer> layer;
    @FXML private FlowPane classes;
    @FXML private HBox legend;
    @FXML private Label legendLow;
    @FXML private Rectangle legendBar;
    @FXML private Label legendHigh;
    @FXML private Slider threshold;
    @FXML private Label thresholdText;
    @FXML private CheckBox graded;
    @FXML private Slider opacity;

    /** Empty until {@link #show}. */
    public OverlaySettingsPane() {
        WindowFactory.load(this, "overlay-settings-pane.fxml");
        layer.setConverter(new Names());
        layer.valueProperty().addListener((observable, before, after) -> applyLook());
        threshold.valueProperty().addListener((observable, before, after) -> applyLook());
        graded.selectedProperty().addListener((observable, before, after) -> applyLook());
        thresholdText.textProperty().bind(Bindings.createStringBinding(
                () -> UiTexts.get("layer.percent", threshold.getValue()),
                        threshold.valueProperty()));
        legend.setVisible(false);
    }

    /** Ties the slider to QuPath's own for overlays. */
    public void bindOpacity(OverlayOptions options) {
        opacity.valueProperty().bindBidirectional(options.opacityProperty());
    }

    /**
     * Shows what a renderer paints; what was chosen before is chosen again where it is there.
     *
     * @param all its classes
     * @param renderer gets the look that is chosen here
     * @param repaint called after every change
     */
    void show(List<RequestClass> all, ClassRenderer renderer, Runnable repaint) {
        this.renderer = renderer;
        this.repaint = repaint;
        List<String> hidden = hidden();
        classes.getChildren().clear();
        List<Layer> layers = new ArrayList<>();
        layers.add(new Layer(What.LIKELIEST, 0, null));
        for (int i = 0; i < all.size(); i++) {
            classes.getChildren().add(box(all.get(i), i, !hidden.contains(all.get(i).name())));
            layers.add(new Layer(What.CLASS, i, all.get(i).name()));
        }
        layers.add(new Layer(What.UNCERTAINTY, 0, null));
        Layer chosen = layer.getValue();
        layer.getItems().setAll(layers);
        layer.setValue(layers.stream().filter(one -> one.isAs(chosen)).findFirst()
                .orElse(layers.getFirst()));
        applyLook();
    }

    /** Whether unsure px and faint ones make sense: not with a class map, which has no numbers. */
    void setProbabilities(boolean known) {
        layer.setDisable(!known);
        threshold.setDisable(!known);
        graded.setDisable(!known);
        applyLook();
    }

    /** From which probability on px are shown, 0 to 1. */
    double threshold() {
        return threshold.isDisabled() ? 0 : threshold.getValue();
    }

    /** Whether the likeliest classes are what is painted. */
    ReadOnlyBooleanProperty likeliestProperty() {
        return likeliest.getReadOnlyProperty();
    }

    private List<String> hidden() {
        return classes.getChildren().stream().map(CheckBox.class::cast)
                .filter(box -> !box.isSelected()).map(CheckBox::getText).toList();
    }

    private CheckBox box(RequestClass part, int index, boolean shown) {
        CheckBox box = new CheckBox(part.name());
        box.setMnemonicParsing(false);
        int rgb = DistinctClassColors.packed(part, index);
        box.setGraphic(new Rectangle(SQUARE, SQUARE, color(rgb)));
        box.setSelected(shown);
        box.selectedProperty().addListener((observable, before, after) -> {
            renderer.change(paint -> paint.showing(index, after));
            repaint.run();
        });
        if (!shown) {
            renderer.change(paint -> paint.showing(index, false));
        }
        return box;
    }

    private void applyLook() {
        Layer chosen = layer.isDisabled() ? null : layer.getValue();
        boolean classesShown = chosen == null || chosen.what() == What.LIKELIEST;
        classes.setVisible(classesShown);
        likeliest.set(classesShown);
        graded.setDisable(layer.isDisabled() || !classesShown);
        legend.setVisible(!classesShown);
        if (renderer == null) {
            return;
        }
        renderer.change(paint -> paint
                .of(chosen == null ? What.LIKELIEST : chosen.what(),
                        chosen == null ? 0 : chosen.index())
                .from(threshold.isDisabled() ? 0 : threshold.getValue())
                .graded(graded.isSelected() && !graded.isDisabled()));
        if (!classesShown) {
            drawLegend(chosen, renderer.paint());
        }
        repaint.run();
    }

    private void drawLegend(Layer chosen, MapColors paint) {
        boolean uncertain = chosen.what() == What.UNCERTAINTY;
        legendLow.setText(uncertain ? UiTexts.get("layer.sure") : UiTexts.get("layer.percent", 0));
        legendHigh.setText(uncertain ? UiTexts.get("layer.unsure")
                : UiTexts.get("layer.percent", 1));
        List<Stop> stops = new ArrayList<>();
        for (int i = 0; i <= STOPS; i++) {
            double share = (double) i / STOPS;
            int argb = paint.legend(share);
            stops.add(new Stop(share, Color.rgb(argb >> 16 & 255, argb >> 8 & 255, argb & 255,
                    (argb >>> 24) / 255.0)));
        }
        legendBar.setFill(new LinearGradient(0, 0, 1, 0, true, CycleMethod.NO_CYCLE, stops));
    }

    private static Color color(int rgb) {
        return Color.rgb(rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255);
    }

    private static final class Names extends StringConverter<Layer> {

        @Override
        public String toString(Layer layer) {
            return layer == null ? ""
                    : UiTexts.get("layer.what." + layer.what(), String.valueOf(layer.className()));
        }

        @Override
        public Layer fromString(String text) {
            throw new UnsupportedOperationException("not editable");
        }
    }
}
