package qupath.ext.hookpath.preview;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javafx.beans.value.ChangeListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import qupath.ext.hookpath.core.jobs.RequestClass;
import qupath.ext.hookpath.core.maps.MapFile;
import qupath.lib.gui.viewer.QuPathViewer;
import qupath.lib.gui.viewer.overlays.PixelClassificationOverlay;
import qupath.lib.images.ImageData;

/** A map over one image, until another image is shown. Made anywhere, used on JavaFX's thread. */
final class MapOverlay {

    private static final Logger logger = LoggerFactory.getLogger(MapOverlay.class);
    private static final int THREADS = 2;

    private final ImageData<BufferedImage> image;
    private final MapFile map;
    private final MapTileServer server;
    private final ClassRenderer renderer;
    private final ChangeListener<ImageData<BufferedImage>> onImage;
    private QuPathViewer viewer;
    private PixelClassificationOverlay overlay;

    private MapOverlay(
            ImageData<BufferedImage> image, MapFile map, double smoothUm, Runnable onGone) {
        this.image = image;
        this.map = map;
        this.server = new MapTileServer(image.getServer(), map, smoothUm);
        this.renderer = new ClassRenderer(map.classes());
        this.onImage = (observable, before, after) -> {
            hide();
            onGone.run();
        };
    }

    /**
     * Reads a map's head; not for the JavaFX thread.
     *
     * @param smoothUm standard deviation of a Gaussian over its probabilities; 0: none
     * @param onGone called when another image took the place of this one
     * @throws IOException it is no map of ours
     */
    static MapOverlay of(
            ImageData<BufferedImage> image, Path file, double smoothUm, Runnable onGone)
            throws IOException {
        return new MapOverlay(image, MapFile.open(file), smoothUm, onGone);
    }

    /** Shows it in the viewer, if that still shows the image. */
    boolean show(QuPathViewer in) {
        if (in.getImageData() != image) {
            hide();
            return false;
        }
        viewer = in;
        overlay = PixelClassificationOverlay.create(
                viewer.getOverlayOptions(), data -> data == image ? server : null, renderer);
        overlay.setMaxThreads(THREADS);
        overlay.setLivePrediction(true);
        overlay.setLocationStringFunction(new CursorReadout(image, server));
        PixelLayer.put(viewer, overlay);
        viewer.imageDataProperty().addListener(onImage);
        return true;
    }

    /** Takes it away and closes the file. */
    void hide() {
        if (viewer != null) {
            viewer.imageDataProperty().removeListener(onImage);
            PixelLayer.remove(viewer, overlay);
            viewer = null;
        }
        try {
            server.close();
        } catch (Exception e) {
            logger.debug("Closing {}", map.path(), e);
        }
    }

    /** Whether nothing else took its place. */
    boolean isShown() {
        return viewer != null && viewer.getCustomPixelLayerOverlay() == overlay;
    }

    Path file() {
        return map.path();
    }

    List<RequestClass> classes() {
        return map.classes();
    }

    boolean hasProbabilities() {
        return !map.isClassMap();
    }

    ClassRenderer renderer() {
        return renderer;
    }

    void repaint() {
        if (viewer != null) {
            viewer.repaintEntireImage();
        }
    }
}
