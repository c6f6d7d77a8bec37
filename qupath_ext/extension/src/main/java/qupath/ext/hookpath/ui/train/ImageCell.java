package qupath.ext.hookpath.ui.train;

import javafx.scene.control.OverrunStyle;
import javafx.scene.control.TableCell;
import javafx.scene.control.Tooltip;
import qupath.ext.hookpath.core.DrawnImage;

/** An image's name; one that cannot be used says why. */
final class ImageCell extends TableCell<DrawnImage, DrawnImage> {

    ImageCell() {
        setTextOverrun(OverrunStyle.CENTER_ELLIPSIS);
    }

    @Override
    protected void updateItem(DrawnImage image, boolean empty) {
        super.updateItem(image, empty);
        boolean none = empty || image == null;
        setText(none ? null : image.problem() == null ? image.name() : "\u26a0 " + image.name());
        setTooltip(none ? null : new Tooltip(image.problem() == null ? image.name()
                : image.name() + ": " + image.problem()));
        setOpacity(none || image.problem() == null && !image.mm2().isEmpty() ? 1 : 0.6);
    }
}
