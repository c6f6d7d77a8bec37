package qupath.ext.hookpath;

import java.awt.image.BufferedImage;
import java.util.Map;
import java.util.WeakHashMap;
import javafx.animation.PauseTransition;
import javafx.application.Platform;
import javafx.util.Duration;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.gui.viewer.QuPathViewer;
import qupath.lib.images.ImageData;

/**
 * Keeps the window alive while QuPath paints many new objects: a viewer that stands still waits
 * for every tile of them on the JavaFX thread; one that is being moved shows each when it is ready.
 */
final class ViewerRepaint {

    private static final int MANY = 5000;
    private static final double OBJECTS_PER_SECOND = 5000; // on a machine that is busy
    private static final Map<QuPathViewer, PauseTransition> RUNNING = new WeakHashMap<>();

    private ViewerRepaint() {}

    /** Call before a change on the JavaFX thread; does nothing without a window. */
    static void gently(ImageData<BufferedImage> data, int objects) {
        QuPathGUI qupath = QuPathGUI.getInstance();
        if (objects < MANY || qupath == null || !Platform.isFxApplicationThread()) {
            return;
        }
        for (QuPathViewer viewer : qupath.getAllViewers()) {
            if (viewer.getImageData() == data) {
                gently(viewer, Duration.seconds(5 + objects / OBJECTS_PER_SECOND));
            }
        }
    }

    /** A change that follows another one starts the time anew. */
    private static void gently(QuPathViewer viewer, Duration time) {
        PauseTransition earlier = RUNNING.remove(viewer);
        if (earlier != null) {
            earlier.stop();
        }
        viewer.setDoFasterRepaint(true);
        PauseTransition end = new PauseTransition(time);
        end.setOnFinished(event -> viewer.setDoFasterRepaint(false));
        RUNNING.put(viewer, end);
        end.play();
    }
}
