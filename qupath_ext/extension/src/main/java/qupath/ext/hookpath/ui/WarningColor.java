package qupath.ext.hookpath.ui;

import javafx.scene.control.Label;

/** The colour of what stands in the way or deserves a look; what is normal has none. */
public final class WarningColor {

    /** Readable in QuPath's light and dark theme. */
    private static final String WARNING =
            "-fx-text-fill: ladder(-fx-background, #ffb366 49%, #a04000 50%);";

    private WarningColor() {}

    /** Gives a text the colour, or takes it away. */
    public static void set(Label label, boolean warns) {
        label.setStyle(warns ? WARNING : "");
    }
}
