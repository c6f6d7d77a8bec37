package qupath.ext.hookpath.ui.train;

import java.util.function.Function;
import javafx.util.StringConverter;

/** Shows values that a person chooses from a list, and never types. */
final class DisplayNameConverter<T> extends StringConverter<T> {

    private final Function<T, String> text;

    private DisplayNameConverter(Function<T, String> text) {
        this.text = text;
    }

    static <T> DisplayNameConverter<T> as(Function<T, String> text) {
        return new DisplayNameConverter<>(text);
    }

    @Override
    public String toString(T value) {
        return value == null ? "" : text.apply(value);
    }

    @Override
    public T fromString(String typed) {
        throw new UnsupportedOperationException("not editable");
    }
}
