package qupath.ext.hookpath.preview;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import qupath.ext.hookpath.core.jobs.RequestClass;
import qupath.lib.classifiers.pixel.PixelClassifier;
import qupath.lib.classifiers.pixel.PixelClassifierMetadata;
import qupath.lib.images.ImageData;
import qupath.lib.images.servers.ImageChannel;
import qupath.lib.images.servers.ImageServerMetadata.ChannelType;
import qupath.lib.images.servers.PixelCalibration;
import qupath.lib.images.servers.PixelType;
import qupath.lib.regions.RegionRequest;

/**
 * QuPath's pixel classifier whose answers come from the worker. It never looks at the viewer's
 * pixels: the worker reads the slide itself, with all the context that the network wants.
 *
 * <p>It knows one image only, the one that was opened. Calls wait; never on the JavaFX thread.
 */
public final class LiveClassifier implements PixelClassifier {

    /** Side in px of the tiles that are asked for. */
    static final int TILE = 512;

    private final transient PreviewWorker worker;
    private final transient OpenedModel opened;
    private final transient ImageData<BufferedImage> image;
    private final PixelClassifierMetadata metadata;

    /**
     * For one image.
     *
     * @param worker where it is open
     * @param opened as what
     * @param image the image
     */
    public LiveClassifier(PreviewWorker worker, OpenedModel opened,
            ImageData<BufferedImage> image) {
        this.worker = worker;
        this.opened = opened;
        this.image = image;
        PixelCalibration own = image.getServer().getPixelCalibration();
        double finest = Math.max(1, opened.downsample());
        this.metadata = new PixelClassifierMetadata.Builder()
                .inputResolution(own.createScaledInstance(finest, finest))
                .inputShape(TILE, TILE)
                .setChannelType(ChannelType.PROBABILITY)
                .outputPixelType(PixelType.UINT8)
                .outputChannels(channels(opened.classes()))
                .build();
    }

    /** QuPath's channels for the classes. */
    static List<ImageChannel> channels(List<RequestClass> classes) {
        List<ImageChannel> channels = new ArrayList<>();
        for (int i = 0; i < classes.size(); i++) {
            channels.add(ImageChannel.getInstance(
                    classes.get(i).name(), DistinctClassColors.packed(classes.get(i), i)));
        }
        return channels;
    }

    @Override
    public boolean supportsImage(ImageData<BufferedImage> data) {
        return data == image;
    }

    @Override
    public BufferedImage applyClassification(ImageData<BufferedImage> data, RegionRequest request)
            throws IOException {
        double downsample = request.getDownsample();
        int width = (int) Math.max(1, Math.round(request.getWidth() / downsample));
        int height = (int) Math.max(1, Math.round(request.getHeight() / downsample));
        try {
            return classify(
                    new ViewRegion(request.getX(), request.getY(), width, height, downsample));
        } catch (CancellationException e) {
            throw new IOException(e);
        }
    }

    @Override
    public PixelClassifierMetadata getMetadata() {
        return metadata;
    }

    /**
     * The probabilities of a view, one band per class.
     *
     * @throws CancellationException nobody looks at it any more
     * @throws IOException it failed
     */
    BufferedImage classify(ViewRegion view) throws IOException {
        try {
            byte[][] planes = worker.classify(opened, view);
            return BandImages.image(planes, view.width(), view.height(),
                    metadata.getOutputChannels());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException();
        }
    }
}
