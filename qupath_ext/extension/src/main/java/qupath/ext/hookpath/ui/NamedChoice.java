package qupath.ext.hookpath.ui;

import javafx.scene.control.ComboBox;
import javafx.util.StringConverter;
import qupath.ext.hookpath.Texts;

/** A choice between values that have names for people: {@code choice.<value>}. */
public final class NamedChoice extends StringConverter<String> {

    private NamedChoice() {}

    /** Offers values, the first one chosen. */
    public static void fill(ComboBox<String> choice, String... values) {
        choice.setConverter(new NamedChoice());
        choice.getItems().setAll(values);
        choice.setValue(values[0]);
    }

    /** A value's name for people; of one that is nowhere offered, itself. */
    public static String text(String value) {
        String key = "choice." + value;
        return Texts.BUNDLE.containsKey(key) ? Texts.get(key) : String.valueOf(value);
    }

    @Override
    public String toString(String value) {
        return value == null ? "" : text(value);
    }

    @Override
    public String fromString(String text) {
        throw new UnsupportedOperationException("not editable");
    }
}
