package qupath.ext.hookpath.preview;

import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import qupath.ext.hookpath.core.Plane;
import qupath.lib.classifiers.pixel.PixelClassificationImageServer;
import qupath.lib.images.ImageData;
import qupath.lib.images.servers.ImageServerMetadata;
import qupath.lib.images.servers.ImageServerMetadata.ChannelType;
import qupath.lib.images.servers.ImageServerMetadata.ImageResolutionLevel;
import qupath.lib.images.servers.TileRequest;
import qupath.lib.regions.RegionRequest;

/**
 * The tiles of the preview, at several resolutions: a view from afar asks for fewer and larger
 * ones, which the worker computes in one go.
 *
 * <p>A tile that failed or that nobody waits for is null and is asked for again when it is looked
 * at again; QuPath would log every one as an error otherwise.
 */
@SuppressWarnings("try")    // close() of QuPath's servers may throw anything
final class LiveTileServer extends PixelClassificationImageServer {

    /** Coarsest level of a model's preview, in px of its output. */
    static final int COARSEST = 2;

    /** Of what is learned live, which costs the same at every zoom. */
    static final int COARSEST_LIVE = 16;

    private final LiveClassifier classifier;
    private final Listener listener;
    private final ImageServerMetadata metadata;
    private final Plane plane;

    /** Hears how tiles ended; on the overlay's threads. */
    interface Listener {

        void tileDone(double seconds);

        void tileFailed(Throwable problem);
    }

    /**
     * The tiles of one image.
     *
     * @param plane that is open; null: the image has one
     */
    LiveTileServer(ImageData<BufferedImage> image, LiveClassifier classifier, int coarsest,
            Plane plane, Listener listener) {
        super(image, classifier, "hookpath-preview: " + UUID.randomUUID(), null);
        this.classifier = classifier;
        this.listener = listener;
        this.plane = Objects.requireNonNullElse(plane, Plane.FIRST);
        this.metadata = withLevels(super.getOriginalMetadata(), coarsest);
    }

    private static ImageServerMetadata withLevels(ImageServerMetadata single, int coarsest) {
        var levels = new ImageResolutionLevel.Builder(single.getWidth(), single.getHeight());
        double finest = single.getDownsampleForLevel(0);
        for (int factor = 1; factor <= coarsest; factor *= 2) {
            double downsample = finest * factor;
            int width = (int) Math.ceil(single.getWidth() / downsample - 1e-6);
            int height = (int) Math.ceil(single.getHeight() / downsample - 1e-6);
            levels.addLevel(downsample, Math.max(1, width), Math.max(1, height));
        }
        // Of a classification QuPath's overlay tells the hierarchy after every tile that its
        // measurements changed, and then asks to save an image that was only looked at.
        return new ImageServerMetadata.Builder(single).levels(levels.build())
                .channelType(ChannelType.FEATURE).build();
    }

    @Override
    public ImageServerMetadata getOriginalMetadata() {
        return metadata == null ? super.getOriginalMetadata() : metadata;
    }

    /** Computes the tiles of a part of the image, as the overlay would ask for them. */
    List<Callable<BufferedImage>> tilesOf(Rectangle2D part, double downsample) {
        int x = (int) Math.max(0, part.getX());
        int y = (int) Math.max(0, part.getY());
        int width = (int) Math.min(getWidth() - x, part.getMaxX() - x);
        int height = (int) Math.min(getHeight() - y, part.getMaxY() - y);
        if (width < 1 || height < 1) {
            return List.of();
        }
        return getTileRequestManager().getTileRequests(
                RegionRequest.createInstance(getPath(), downsample, x, y, width, height,
                        plane.z(), plane.t())).stream()
                .map(tile -> (Callable<BufferedImage>) () -> readRegion(tile.getRegionRequest()))
                .toList();
    }

    @Override
    protected BufferedImage readTile(TileRequest tile) {
        if (!plane.equals(new Plane(tile.getZ(), tile.getT()))) {
            return null;    // that one is about to be opened
        }
        double downsample = tile.getDownsample();
        long started = System.nanoTime();
        try {
            // Where the tile really starts: its place in level-0 px is rounded.
            BufferedImage found = classifier.classify(new ViewRegion(tile.getTileX() * downsample,
                    tile.getTileY() * downsample, tile.getTileWidth(), tile.getTileHeight(),
                    downsample));
            listener.tileDone((System.nanoTime() - started) / 1e9);
            return found;
        } catch (CancellationException e) {
            return null;
        } catch (Throwable e) {     // QuPath would only log it, again and again
            listener.tileFailed(e);
            return null;
        }
    }
}
