package qupath.ext.hookpath.ui.setup;

import java.util.List;
import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.scene.control.Label;
import javafx.scene.control.TableCell;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableView;
import javafx.scene.control.Tooltip;
import qupath.ext.hookpath.Texts;

/** The lines of {@code hookpath doctor}; advice is in the tooltip, too. */
public final class DoctorTable extends TableView<Doctor.Check> {

    /** An empty one. */
    public DoctorTable() {
        TableColumn<Doctor.Check, String> sign = column("", 30);
        sign.setCellValueFactory(row -> new ReadOnlyStringWrapper(sign(row.getValue())));
        TableColumn<Doctor.Check, String> name = column(Texts.get("setup.doctor.what"), 90);
        name.setCellValueFactory(row -> new ReadOnlyStringWrapper(row.getValue().name()));
        TableColumn<Doctor.Check, String> found = column(Texts.get("setup.doctor.found"), 480);
        found.setCellValueFactory(row -> new ReadOnlyStringWrapper(text(row.getValue())));
        found.setCellFactory(column -> new WithTooltip());
        getColumns().setAll(List.of(sign, name, found));
        setColumnResizePolicy(CONSTRAINED_RESIZE_POLICY_FLEX_LAST_COLUMN);
        setPlaceholder(new Label(Texts.get("setup.looking")));
    }

    void show(List<Doctor.Check> checks) {
        getItems().setAll(checks);
    }

    private static TableColumn<Doctor.Check, String> column(String title, double width) {
        TableColumn<Doctor.Check, String> column = new TableColumn<>(title);
        column.setPrefWidth(width);
        column.setSortable(false);
        if (title.isEmpty()) {
            column.setMaxWidth(width);
        }
        return column;
    }

    private static String sign(Doctor.Check check) {
        return switch (check.state()) {
            case "ok" -> "✓";
            case "absent" -> "–";
            default -> "✗";
        };
    }

    private static String text(Doctor.Check check) {
        return check.advice().isEmpty() ? check.found()
                : Texts.get("setup.doctor.advice", check.found(), check.advice());
    }

    private static final class WithTooltip extends TableCell<Doctor.Check, String> {

        @Override
        protected void updateItem(String item, boolean empty) {
            super.updateItem(item, empty);
            setText(empty ? null : item);
            setTooltip(empty ? null : new Tooltip(item));
        }
    }
}
