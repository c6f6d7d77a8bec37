package qupath.ext.hookpath.preview;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.function.Consumer;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.gui.viewer.QuPathViewer;
import qupath.lib.images.ImageData;

/**
 * A map over the image in the window for a window of its own that has a
 * {@link OverlaySettingsPane}; one at a
 * time. For the JavaFX thread.
 */
public final class MapLayer {

    private final QuPathGUI qupath;
    private final OverlaySettingsPane pane;
    private MapOverlay current;

    /**
     * Shows nothing yet.
     *
     * @param qupath QuPath
     * @param pane says how it is painted
     */
    public MapLayer(QuPathGUI qupath, OverlaySettingsPane pane) {
        this.qupath = qupath;
        this.pane = pane;
        pane.bindOpacity(qupath.getOverlayOptions());
    }

    /**
     * Shows a map in the place of what is shown; nothing happens if it is there already.
     *
     * @param file {@code probabilities.tif} or {@code classes.tif}; null: none
     * @param failed hears why it cannot be shown
     */
    public void show(Path file, Consumer<Throwable> failed) {
        QuPathViewer viewer = qupath.getViewer();
        if (file == null || viewer == null || viewer.getImageData() == null) {
            hide();
            return;
        }
        if (current != null && current.file().equals(file) && current.isShown()) {
            return;
        }
        ImageData<BufferedImage> image = viewer.getImageData();
        BackgroundThreads.work(() -> MapOverlay.of(image, file, 0, () -> current = null),
                overlay -> put(overlay, viewer), failed);
    }

    private void put(MapOverlay overlay, QuPathViewer viewer) {
        hide();
        PreviewCommand.stop();
        ProbabilityMapCommand.hide();
        if (overlay.show(viewer)) {
            current = overlay;
            pane.setProbabilities(overlay.hasProbabilities());
            pane.show(overlay.classes(), overlay.renderer(), overlay::repaint);
        }
    }

    /** Takes it away. */
    public void hide() {
        if (current != null) {
            current.hide();
            current = null;
        }
    }
}
