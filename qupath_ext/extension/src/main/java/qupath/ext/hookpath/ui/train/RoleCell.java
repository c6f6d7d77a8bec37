package qupath.ext.hookpath.ui.train;

import java.util.Set;
import java.util.function.BiConsumer;
import javafx.scene.control.ComboBox;
import javafx.scene.control.TableCell;
import javafx.scene.control.Tooltip;
import javafx.util.StringConverter;
import qupath.ext.hookpath.Texts;
import qupath.ext.hookpath.core.DrawnImage;
import qupath.ext.hookpath.core.Role;

/** Chooses what an image is for; a suggestion that nobody confirmed is in italics. */
final class RoleCell extends TableCell<DrawnImage, Role> {

    private final ComboBox<Role> choice = new ComboBox<>();
    private final Set<String> suggested;
    private boolean filling;

    RoleCell(Set<String> suggested, BiConsumer<DrawnImage, Role> onChange) {
        this.suggested = suggested;
        choice.getItems().setAll(null, Role.TRAIN, Role.VALIDATION, Role.TEST);
        choice.setConverter(new Names());
        choice.setMaxWidth(Double.MAX_VALUE);
        choice.valueProperty().addListener((o, was, is) -> {
            DrawnImage image = getTableRow() == null ? null : getTableRow().getItem();
            if (!filling && image != null && is != image.role()) {
                onChange.accept(image, is);
            }
        });
    }

    @Override
    protected void updateItem(Role role, boolean empty) {
        super.updateItem(role, empty);
        DrawnImage image = empty || getTableRow() == null ? null : getTableRow().getItem();
        if (image == null) {
            setGraphic(null);
            return;
        }
        filling = true;
        choice.setValue(role);
        filling = false;
        boolean guess = suggested.contains(image.id());
        choice.setStyle(guess ? "-fx-font-style: italic;" : "");
        choice.setTooltip(new Tooltip(Texts.get(guess ? "train.role.suggested"
                : "train.role.tooltip")));
        setGraphic(choice);
    }

    private static final class Names extends StringConverter<Role> {

        @Override
        public String toString(Role role) {
            return role == null ? Texts.get("train.role.none")
                    : Texts.get("train.role." + role.value());
        }

        @Override
        public Role fromString(String text) {
            throw new UnsupportedOperationException("not editable");
        }
    }
}
