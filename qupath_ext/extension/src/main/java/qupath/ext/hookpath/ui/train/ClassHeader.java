package qupath.ext.hookpath.ui.train;

import java.util.function.Consumer;
import javafx.geometry.Pos;
import javafx.scene.control.CheckBox;
import javafx.scene.control.Label;
import javafx.scene.control.OverrunStyle;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.VBox;
import javafx.scene.shape.Rectangle;
import qupath.ext.hookpath.UiTexts;

/** Head of a class's column: on or off, its colour, and the area annotated in all. */
final class ClassHeader extends VBox {

    ClassHeader(String name, double totalMm2, boolean on, Consumer<Boolean> onChange) {
        CheckBox box = new CheckBox(name);
        box.setMnemonicParsing(false);
        box.setTextOverrun(OverrunStyle.CENTER_ELLIPSIS);
        Rectangle swatch = new Rectangle(10, 10, QuPathClassColors.of(name));
        box.setGraphic(swatch);
        box.setSelected(on);
        box.setTooltip(new Tooltip(UiTexts.get("train.class.tooltip", name)));
        box.selectedProperty().addListener((o, was, is) -> onChange.accept(is));
        Label total = new Label(UiTexts.get("train.total", totalMm2));
        total.setStyle("-fx-font-weight: normal; -fx-font-size: 0.9em;");
        setAlignment(Pos.CENTER);
        getChildren().addAll(box, total);
    }
}
