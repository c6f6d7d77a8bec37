package qupath.ext.hookpath.ui;

import java.util.HashMap;
import java.util.Map;
import javafx.beans.property.StringProperty;
import javafx.stage.Screen;
import javafx.stage.Stage;
import javafx.stage.Window;
import javafx.stage.WindowEvent;
import qupath.ext.hookpath.core.WindowPlace;
import qupath.lib.gui.prefs.PathPrefs;

/**
 * Where windows were when they were closed: there they open again, at first at the right edge of
 * QuPath's window, beside the slide. For the JavaFX thread.
 */
final class WindowPlaces {

    private static final Map<String, StringProperty> KEPT = new HashMap<>();
    private static final double INSET = 24;
    private static final double ASIDE = 36;
    private static final double BELOW_MENU = 110;

    private WindowPlaces() {}

    /** Puts a window that is shown to its place, and remembers where it is when it is closed. */
    static void keep(String titleKey, Stage stage, Stage main) {
        StringProperty kept = KEPT.computeIfAbsent(titleKey, key ->
                PathPrefs.createPersistentPreference("hookpath.window." + key, ""));
        WindowPlace place = WindowPlace.parse(kept.get());
        if (place != null && isOnScreen(place)) {
            stage.setX(place.x());
            stage.setY(place.y());
            stage.setWidth(Math.max(stage.getMinWidth(), place.width()));
            stage.setHeight(Math.max(stage.getMinHeight(), place.height()));
        } else if (main != null && main.isShowing()) {
            double aside = ASIDE * others(stage, main);
            stage.setX(Math.max(main.getX(),
                    main.getX() + main.getWidth() - stage.getWidth() - INSET - aside));
            stage.setY(main.getY() + BELOW_MENU + aside);
        }
        stage.addEventHandler(WindowEvent.WINDOW_HIDING, event -> kept.set(new WindowPlace(
                stage.getX(), stage.getY(), stage.getWidth(), stage.getHeight()).text()));
    }

    /** How many windows over QuPath's there are already: the next one covers none of them whole. */
    private static long others(Stage stage, Stage main) {
        return Window.getWindows().stream().filter(other -> other != stage && other.isShowing()
                && other instanceof Stage one && one.getOwner() == main).count();
    }

    /** A screen may be gone since. */
    private static boolean isOnScreen(WindowPlace place) {
        return Screen.getScreens().stream().map(Screen::getVisualBounds)
                .anyMatch(area -> place.isWithin(area.getMinX(), area.getMinY(), area.getMaxX(),
                        area.getMaxY()));
    }
}
