package qupath.ext.hookpath.preview;

import java.awt.image.BufferedImage;
import qupath.lib.gui.measure.ObservableMeasurementTableData;
import qupath.lib.gui.viewer.OverlayOptions;
import qupath.lib.gui.viewer.QuPathViewer;
import qupath.lib.gui.viewer.overlays.PixelClassificationOverlay;
import qupath.lib.images.ImageData;

/**
 * Puts an overlay over a viewer without a trace in the image: QuPath would offer what is seen by
 * chance as measurements, and ask to save an image that was only looked at. For JavaFX's thread.
 */
final class PixelLayer {

    /** What QuPath begins with hides the slide: so much of an overlay lets it be seen. */
    private static final float SEEN_THROUGH = 0.5f;

    private static boolean shown;

    private PixelLayer() {}

    /** Shows an overlay in the viewer, in the place of what is there. */
    static void put(QuPathViewer viewer, PixelClassificationOverlay overlay) {
        OverlayOptions options = viewer.getOverlayOptions();
        if (!shown && options.getOpacity() == 1) {
            options.setOpacity(SEEN_THROUGH);
        }
        shown = true;   // from now on it is as the person wants it
        ImageData<BufferedImage> image = viewer.getImageData();
        boolean changed = image.isChanged();
        viewer.setCustomPixelLayerOverlay(overlay);
        ObservableMeasurementTableData.setPixelLayer(image, null);
        image.setChanged(changed);
        viewer.repaintEntireImage();
    }

    /** Stops an overlay and takes it away if it is still there. */
    static void remove(QuPathViewer viewer, PixelClassificationOverlay overlay) {
        overlay.stop();
        if (viewer.getCustomPixelLayerOverlay() != overlay) {
            return;
        }
        ImageData<BufferedImage> image = viewer.getImageData();
        boolean changed = image != null && image.isChanged();
        viewer.resetCustomPixelLayerOverlay();
        if (image != null) {
            image.setChanged(changed);
        }
        viewer.repaintEntireImage();
    }
}
