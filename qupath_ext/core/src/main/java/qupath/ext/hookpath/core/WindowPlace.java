package qupath.ext.hookpath.core;

import java.util.Locale;

/**
 * Where a window is on the screen.
 *
 * @param x      left edge
 * @param y      upper edge
 * @param width  with its frame
 * @param height with its frame
 */
public record WindowPlace(double x, double y, double width, double height) {

    /** So much of the title must be on a screen for the window to be moved. */
    private static final double GRIP = 60;

    /** As {@link #text} wrote it; null: that is no place. */
    public static WindowPlace parse(String text) {
        String[] parts = text == null ? new String[0] : text.strip().split(" ");
        if (parts.length != 4) {
            return null;
        }
        try {
            WindowPlace found = new WindowPlace(Double.parseDouble(parts[0]),
                    Double.parseDouble(parts[1]), Double.parseDouble(parts[2]),
                    Double.parseDouble(parts[3]));
            double sum = found.x + found.y + found.width + found.height;
            return Double.isFinite(sum) && found.width > 0 && found.height > 0 ? found : null;
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /** For {@link #parse}. */
    public String text() {
        return String.format(Locale.ROOT, "%.0f %.0f %.0f %.0f", x, y, width, height);
    }

    /** Whether a person could take hold of its title on a screen with these edges. */
    public boolean isWithin(double left, double top, double right, double bottom) {
        return x + width - GRIP > left && x + GRIP < right && y >= top && y + GRIP < bottom;
    }
}
