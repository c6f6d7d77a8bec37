package qupath.ext.hookpath.ui;

import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.collections.ObservableList;
import javafx.collections.transformation.FilteredList;
import javafx.scene.control.OverrunStyle;
import javafx.scene.control.TableCell;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TextField;
import javafx.scene.control.Tooltip;
import qupath.ext.hookpath.UiTexts;

/** Cells of tables: long names keep their beginning and their end, and tell the rest in a tip. */
public final class TableCells {

    private TableCells() {}

    /**
     * Makes a column show texts.
     *
     * @param column of any table
     * @param text of a row; null: nothing
     */
    public static <T> void show(TableColumn<T, String> column, Function<T, String> text) {
        column.setCellValueFactory(cell -> {
            String value = text.apply(cell.getValue());
            return new ReadOnlyStringWrapper(value == null ? "" : value);
        });
        column.setCellFactory(c -> new Middle<>());
    }

    /**
     * Makes a column show numbers, to the right, and be sorted by them.
     *
     * @param column of any table
     * @param key of the text of a number in {@code strings.properties}
     * @param value of a row; NaN: there is none
     */
    public static <T> void number(
            TableColumn<T, Double> column, String key, ToDoubleFunction<T> value) {
        column.setCellValueFactory(cell -> {
            double found = value.applyAsDouble(cell.getValue());
            return new ReadOnlyObjectWrapper<>(Double.isNaN(found) ? null : found);
        });
        column.setCellFactory(c -> new Number<>(key));
        column.setStyle("-fx-alignment: center-right;");
    }

    /**
     * The rows whose name holds what a person typed, letter case aside.
     *
     * @param all every row
     * @param field what is typed into
     * @param name of a row
     */
    public static <T> FilteredList<T> filtered(
            ObservableList<T> all, TextField field, Function<T, String> name) {
        FilteredList<T> shown = new FilteredList<>(all);
        field.textProperty().addListener((o, was, is) -> {
            String wanted = is.strip().toLowerCase(Locale.ROOT);
            shown.setPredicate(row -> wanted.isEmpty()
                    || String.valueOf(name.apply(row)).toLowerCase(Locale.ROOT).contains(wanted));
        });
        return shown;
    }

    /** A number in words. */
    private static final class Number<T> extends TableCell<T, Double> {

        private final String key;

        Number(String key) {
            this.key = key;
        }

        @Override
        protected void updateItem(Double value, boolean empty) {
            super.updateItem(value, empty);
            setText(empty || value == null ? null : UiTexts.get(key, value));
        }
    }

    /** Names of slides differ in the middle and at the end, less at the beginning. */
    private static final class Middle<T> extends TableCell<T, String> {

        Middle() {
            setTextOverrun(OverrunStyle.CENTER_ELLIPSIS);
        }

        @Override
        protected void updateItem(String text, boolean empty) {
            super.updateItem(text, empty);
            boolean none = empty || text == null || text.isEmpty();
            setText(none ? null : text);
            setTooltip(none || text.length() < 12 ? null : new Tooltip(text));
        }
    }
}
