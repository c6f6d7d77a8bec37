package qupath.ext.hookpath.ui.train;

import javafx.scene.control.OverrunStyle;
import javafx.scene.control.TableCell;
import javafx.scene.control.Tooltip;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.training.AnnotatedImage;

/** An image's name; one that cannot be used says why. */
final class ImageCell extends TableCell<AnnotatedImage, AnnotatedImage> {

    ImageCell() {
        setTextOverrun(OverrunStyle.CENTER_ELLIPSIS);
    }

    @Override
    protected void updateItem(AnnotatedImage image, boolean empty) {
        super.updateItem(image, empty);
        boolean none = empty || image == null;
        String name = none || image.planes().isEmpty() ? none ? null : image.name()
                : UiTexts.get("train.planes", image.name(), image.planes());
        setText(none || image.problem() == null ? name : "\u26a0 " + name);
        setTooltip(none ? null : new Tooltip(image.problem() == null ? name
                : name + ": " + image.problem()));
        setOpacity(none || image.problem() == null && !image.mm2().isEmpty() ? 1 : 0.6);
    }
}
