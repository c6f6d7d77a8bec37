package qupath.ext.hookpath.ui;

import javafx.scene.control.Spinner;
import javafx.scene.control.SpinnerValueFactory.DoubleSpinnerValueFactory;

/** Spinners that take over what was typed when they lose the focus. */
public final class Spinners {

    private Spinners() {}

    /**
     * Makes a spinner one for numbers from 0 on; text that is no number goes back.
     *
     * @param spinner an editable one
     * @param max largest number
     * @param value number at first
     * @param step of the arrows
     */
    public static void numbers(Spinner<Double> spinner, double max, double value, double step) {
        spinner.setValueFactory(new DoubleSpinnerValueFactory(0, max, value, step));
        spinner.getEditor().focusedProperty().addListener((o, was, is) -> {
            if (!is) {
                commit(spinner);
            }
        });
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
