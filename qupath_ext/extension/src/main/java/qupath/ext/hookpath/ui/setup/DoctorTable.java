package qupath.ext.hookpath.ui.setup;

import java.util.List;
import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.scene.control.Label;
import javafx.scene.control.TableCell;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableView;
import javafx.scene.control.Tooltip;
import qupath.ext.hookpath.UiTexts;

/** The lines of {@code hookpath doctor}; advice is in the tooltip, too. */
public final class DoctorTable extends TableView<DoctorReport.Check> {

    /** An empty one. */
    public DoctorTable() {
        TableColumn<DoctorReport.Check, String> sign = column("", 30);
        sign.setCellValueFactory(row -> new ReadOnlyStringWrapper(sign(row.getValue())));
        TableColumn<DoctorReport.Check, String> name = column(UiTexts.get("setup.doctor.what"), 90);
        name.setCellValueFactory(row -> new ReadOnlyStringWrapper(row.getValue().name()));
        TableColumn<DoctorReport.Check,
                String> found = column(UiTexts.get("setup.doctor.found"), 480);
        found.setCellValueFactory(row -> new ReadOnlyStringWrapper(text(row.getValue())));
        found.setCellFactory(column -> new WithTooltip());
        getColumns().setAll(List.of(sign, name, found));
        setColumnResizePolicy(CONSTRAINED_RESIZE_POLICY_FLEX_LAST_COLUMN);
        setPlaceholder(new Label(UiTexts.get("setup.looking")));
    }

    void show(List<DoctorReport.Check> checks) {
        getItems().setAll(checks);
    }

    private static TableColumn<DoctorReport.Check, String> column(String title, double width) {
        TableColumn<DoctorReport.Check, String> column = new TableColumn<>(title);
        column.setPrefWidth(width);
        column.setSortable(false);
        if (title.isEmpty()) {
            column.setMaxWidth(width);
        }
        return column;
    }

    private static String sign(DoctorReport.Check check) {
        return switch (check.state()) {
            case "ok" -> "✓";
            case "absent" -> "–";
            default -> "✗";
        };
    }

    private static String text(DoctorReport.Check check) {
        return check.advice().isEmpty() ? check.found()
                : UiTexts.get("setup.doctor.advice", check.found(), check.advice());
    }

    private static final class WithTooltip extends TableCell<DoctorReport.Check, String> {

        @Override
        protected void updateItem(String item, boolean empty) {
            super.updateItem(item, empty);
            setText(empty ? null : item);
            setTooltip(empty ? null : new Tooltip(item));
        }
    }
}
