package qupath.ext.hookpath.preview;

import java.util.List;
import javafx.beans.binding.Bindings;
import javafx.fxml.FXML;
import javafx.scene.control.CheckBox;
import javafx.scene.control.Label;
import javafx.scene.control.Slider;
import javafx.scene.layout.FlowPane;
import javafx.scene.layout.VBox;
import javafx.scene.paint.Color;
import javafx.scene.shape.Rectangle;
import qupath.ext.hookpath.Texts;
import qupath.ext.hookpath.core.ClassPart;
import qupath.ext.hookpath.ui.Windows;
import qupath.lib.gui.viewer.OverlayOptions;

/** How classes are painted: which, from which probability on, how opaque. For JavaFX's thread. */
public final class LayerPane extends VBox {

    private static final double SQUARE = 12;

    private ClassRenderer renderer;
    private Runnable repaint = () -> { };

    @FXML private FlowPane classes;
    @FXML private Slider threshold;
    @FXML private Label thresholdText;
    @FXML private CheckBox graded;
    @FXML private Slider opacity;

    /** Empty until {@link #show}. */
    public LayerPane() {
        Windows.load(this, "layer-pane.fxml");
        threshold.valueProperty().addListener((observable, before, after) -> applyLook());
        graded.selectedProperty().addListener((observable, before, after) -> applyLook());
        thresholdText.textProperty().bind(Bindings.createStringBinding(
                () -> Texts.get("layer.percent", threshold.getValue()), threshold.valueProperty()));
    }

    /** Ties the slider to QuPath's own for overlays. */
    void bindOpacity(OverlayOptions options) {
        opacity.valueProperty().bindBidirectional(options.opacityProperty());
    }

    /**
     * Shows what a renderer paints.
     *
     * @param all its classes
     * @param renderer gets the look that is chosen here
     * @param repaint called after every change
     */
    void show(List<ClassPart> all, ClassRenderer renderer, Runnable repaint) {
        this.renderer = renderer;
        this.repaint = repaint;
        classes.getChildren().clear();
        for (int i = 0; i < all.size(); i++) {
            classes.getChildren().add(box(all.get(i), i));
        }
        applyLook();
    }

    /** Whether unsure px and faint ones make sense: not with a class map, which has no numbers. */
    void setProbabilities(boolean known) {
        threshold.setDisable(!known);
        graded.setDisable(!known);
    }

    private CheckBox box(ClassPart part, int index) {
        CheckBox box = new CheckBox(part.name());
        int rgb = ClassColors.packed(part, index);
        var square = new Rectangle(SQUARE, SQUARE,
                Color.rgb(rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255));
        box.setGraphic(square);
        box.setSelected(true);
        box.selectedProperty().addListener((observable, before, after) -> {
            renderer.show(index, after);
            repaint.run();
        });
        return box;
    }

    private void applyLook() {
        if (renderer != null) {
            renderer.setThreshold(threshold.isDisabled() ? 0 : threshold.getValue());
            renderer.setGraded(graded.isSelected() && !graded.isDisabled());
            repaint.run();
        }
    }
}
