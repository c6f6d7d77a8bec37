package qupath.ext.hookpath;

import java.text.MessageFormat;
import java.util.Locale;
import java.util.ResourceBundle;

/** Texts that a person sees, from the bundle {@code qupath.ext.hookpath.ui.strings}. */
public final class UiTexts {

    /** The bundle, also for FXML ({@code %key}). */
    public static final ResourceBundle BUNDLE =
            ResourceBundle.getBundle("qupath.ext.hookpath.ui.strings");

    private UiTexts() {}

    /**
     * One text.
     *
     * @param key its key in the bundle
     * @param values for {@code {0}}, {@code {1}}… as in {@link MessageFormat}
     * @return the text
     */
    public static String get(String key, Object... values) {
        String text = BUNDLE.getString(key);
        return values.length == 0 ? text
                : new MessageFormat(text, Locale.getDefault(Locale.Category.FORMAT)).format(values);
    }
}
