package qupath.ext.hookpath.ui;

import javafx.scene.control.ComboBox;
import javafx.util.StringConverter;
import qupath.ext.hookpath.UiTexts;

/** A choice between values of a kind that have names for people: {@code <kind>.<value>}. */
public final class NamedChoice extends StringConverter<String> {

    /** Kind of the networks; others may have values of the same name. */
    public static final String NETWORK = "choice";
    public static final String PRESET = "preset";

    private final String kind;

    private NamedChoice(String kind) {
        this.kind = kind;
    }

    /** Offers values of a kind, the first one chosen. */
    public static void fill(ComboBox<String> choice, String kind, String... values) {
        choice.setConverter(new NamedChoice(kind));
        choice.getItems().setAll(values);
        choice.setValue(values[0]);
    }

    /** A network's name for people; of one that is nowhere offered, itself. */
    public static String text(String family) {
        return text(NETWORK, family);
    }

    /** The same without what stands in brackets. */
    public static String shortText(String family) {
        return text(family).replaceFirst(" \\(.*", "");
    }

    private static String text(String kind, String value) {
        String key = kind + "." + value;
        return UiTexts.BUNDLE.containsKey(key) ? UiTexts.get(key) : String.valueOf(value);
    }

    @Override
    public String toString(String value) {
        return value == null ? "" : text(kind, value);
    }

    @Override
    public String fromString(String text) {
        throw new UnsupportedOperationException("not editable");
    }
}
