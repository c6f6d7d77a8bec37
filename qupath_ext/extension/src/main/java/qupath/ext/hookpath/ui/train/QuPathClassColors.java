package qupath.ext.hookpath.ui.train;

import javafx.scene.paint.Color;
import qupath.lib.gui.tools.ColorToolsFX;
import qupath.lib.objects.classes.PathClass;

/** Colours of classes as QuPath draws them. */
final class QuPathClassColors {

    private QuPathClassColors() {}

    static Color of(String name) {
        return ColorToolsFX.getPathClassColor(PathClass.fromString(name));
    }

    /** For style sheets. */
    static String css(String name) {
        Color c = of(name);
        return String.format("#%02x%02x%02x", Math.round(c.getRed() * 255),
                Math.round(c.getGreen() * 255), Math.round(c.getBlue() * 255));
    }
}
