package qupath.ext.hookpath.ui.train;

import java.util.Set;
import java.util.function.BiConsumer;
import javafx.scene.control.ComboBox;
import javafx.scene.control.TableCell;
import javafx.scene.control.Tooltip;
import javafx.util.StringConverter;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.training.AnnotatedImage;
import qupath.ext.hookpath.core.training.TrainingRole;

/** Chooses what an image is for; a suggestion that nobody confirmed is in italics. */
final class RoleCell extends TableCell<AnnotatedImage, TrainingRole> {

    private final ComboBox<TrainingRole> choice = new ComboBox<>();
    private final Set<String> suggested;
    private boolean filling;

    RoleCell(Set<String> suggested, BiConsumer<AnnotatedImage, TrainingRole> onChange) {
        this.suggested = suggested;
        choice.getItems().setAll(null, TrainingRole.TRAIN, TrainingRole.VALIDATION,
                TrainingRole.TEST);
        choice.setConverter(new Names());
        choice.setMaxWidth(Double.MAX_VALUE);
        choice.valueProperty().addListener((o, was, is) -> {
            AnnotatedImage image = getTableRow() == null ? null : getTableRow().getItem();
            if (!filling && image != null && is != image.role()) {
                onChange.accept(image, is);
            }
        });
    }

    @Override
    protected void updateItem(TrainingRole role, boolean empty) {
        super.updateItem(role, empty);
        AnnotatedImage image = empty || getTableRow() == null ? null : getTableRow().getItem();
        if (image == null) {
            setGraphic(null);
            return;
        }
        filling = true;
        choice.setValue(role);
        filling = false;
        boolean guess = suggested.contains(image.id());
        choice.setStyle(guess ? "-fx-font-style: italic;" : "");
        choice.setTooltip(new Tooltip(UiTexts.get(guess ? "train.role.suggested"
                : "train.role.tooltip")));
        setGraphic(choice);
    }

    private static final class Names extends StringConverter<TrainingRole> {

        @Override
        public String toString(TrainingRole role) {
            return role == null ? UiTexts.get("train.role.none")
                    : UiTexts.get("train.role." + role.value());
        }

        @Override
        public TrainingRole fromString(String text) {
            throw new UnsupportedOperationException("not editable");
        }
    }
}
