package qupath.ext.hookpath.ui;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javafx.beans.property.StringProperty;
import javafx.geometry.Rectangle2D;
import javafx.stage.Screen;
import javafx.stage.Stage;
import javafx.stage.Window;
import javafx.stage.WindowEvent;
import qupath.ext.hookpath.core.WindowPlace;
import qupath.fx.utils.FXUtils;
import qupath.lib.gui.prefs.PathPrefs;

/**
 * Where windows were when they were closed: there they open again, at first as
 * {@link WindowPlace#first} says. For the JavaFX thread.
 */
final class WindowPlaces {

    private static final Map<String, StringProperty> KEPT = new HashMap<>();

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
            moveTo(stage, WindowPlace.first(placeOf(main), others(stage, main),
                    stage.getWidth(), stage.getHeight()), main);
        }
        stage.addEventHandler(WindowEvent.WINDOW_HIDING, event -> kept.set(
                placeOf(stage).text()));
    }

    /** Moves a window that has grown over the edge of its screen back onto it. */
    static void keepOnScreen(Stage stage) {
        moveTo(stage, placeOf(stage), stage);
    }

    private static void moveTo(Stage stage, WindowPlace place, Window onScreenOf) {
        Rectangle2D area = FXUtils.getScreenOrPrimary(onScreenOf).getVisualBounds();
        WindowPlace moved = place.movedOnto(new WindowPlace(
                area.getMinX(), area.getMinY(), area.getWidth(), area.getHeight()));
        if (stage.getX() != moved.x()) {    // else a size that is about to change may be lost
            stage.setX(moved.x());
        }
        if (stage.getY() != moved.y()) {
            stage.setY(moved.y());
        }
    }

    private static WindowPlace placeOf(Window window) {
        return new WindowPlace(
                window.getX(), window.getY(), window.getWidth(), window.getHeight());
    }

    /** Windows over QuPath's that are there already. */
    private static List<WindowPlace> others(Stage stage, Stage main) {
        return Window.getWindows().stream().filter(other -> other != stage && other.isShowing()
                && other instanceof Stage one && one.getOwner() == main)
                .map(WindowPlaces::placeOf).toList();
    }

    /** A screen may be gone since. */
    private static boolean isOnScreen(WindowPlace place) {
        return Screen.getScreens().stream().map(Screen::getVisualBounds)
                .anyMatch(area -> place.isWithin(area.getMinX(), area.getMinY(), area.getMaxX(),
                        area.getMaxY()));
    }
}
