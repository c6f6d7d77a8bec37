package qupath.ext.hookpath.ui;

import javafx.scene.control.Spinner;

/** Spinners that take over what was typed. */
public final class Spinners {

    private Spinners() {}

    /**
     * Takes typed text over when the spinner loses the focus; text that is no number goes back.
     *
     * @param spinners editable ones
     */
    @SafeVarargs
    public static void commitOnFocusLost(Spinner<Double>... spinners) {
        for (Spinner<Double> spinner : spinners) {
            spinner.getEditor().focusedProperty().addListener((o, was, is) -> {
                if (!is) {
                    commit(spinner);
                }
            });
        }
    }

    private static void commit(Spinner<Double> spinner) {
        var factory = spinner.getValueFactory();
        try {
            Double typed = factory.getConverter().fromString(spinner.getEditor().getText());
            factory.setValue(typed == null ? factory.getValue() : typed);
        } catch (RuntimeException e) {
            // what was typed is no number: the last one comes back
        }
        spinner.getEditor().setText(factory.getConverter().toString(factory.getValue()));
    }
}
