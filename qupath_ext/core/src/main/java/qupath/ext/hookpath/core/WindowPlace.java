package qupath.ext.hookpath.core;

import java.util.List;
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
    private static final double INSET = 24;
    private static final double ASIDE = 36;
    private static final double BELOW_MENU = 110;

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

    /**
     * Where a window opens the first time: at the right edge of QuPath's, beside the slide; below
     * the windows that are open there where there is room, else aside of them, so that it covers
     * none of them whole.
     *
     * @param main where QuPath's is
     * @param open where others are
     */
    public static WindowPlace first(WindowPlace main, List<WindowPlace> open, double width,
            double height) {
        double x = Math.max(main.x, main.x + main.width - width - INSET);
        double top = main.y + BELOW_MENU;
        double below = open.stream().filter(o -> o.x < x + width && x < o.x + o.width)
                .mapToDouble(o -> o.y + o.height + INSET).max().orElse(top);
        if (below + height <= main.y + main.height) {
            return new WindowPlace(x, Math.max(top, below), width, height);
        }
        double aside = ASIDE * open.size();
        return new WindowPlace(Math.max(main.x, x - aside), top + aside, width, height);
    }

    /** The same, moved onto a screen; of one that is too large the upper left corner is there. */
    public WindowPlace movedOnto(WindowPlace screen) {
        return new WindowPlace(
                Math.max(screen.x, Math.min(x, screen.x + screen.width - width)),
                Math.max(screen.y, Math.min(y, screen.y + screen.height - height)),
                width, height);
    }

    /** Whether a person could take hold of its title on a screen with these edges. */
    public boolean isWithin(double left, double top, double right, double bottom) {
        return x + width - GRIP > left && x + GRIP < right && y >= top && y + GRIP < bottom;
    }
}
