package qupath.ext.hookpath.preview;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.net.URI;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import qupath.ext.hookpath.core.Plane;
import qupath.ext.hookpath.core.maps.MapFile;
import qupath.ext.hookpath.core.maps.ProbabilitySmoothing;
import qupath.lib.images.servers.AbstractTileableImageServer;
import qupath.lib.images.servers.ImageChannel;
import qupath.lib.images.servers.ImageServer;
import qupath.lib.images.servers.ImageServerBuilder.ServerBuilder;
import qupath.lib.images.servers.ImageServerMetadata;
import qupath.lib.images.servers.ImageServerMetadata.ChannelType;
import qupath.lib.images.servers.ImageServerMetadata.ImageResolutionLevel;
import qupath.lib.images.servers.PixelType;
import qupath.lib.images.servers.TileRequest;

/**
 * A map on the coordinates of the image that it was predicted from, one band per class, 0…255 (of
 * a class map: 255 where it is that class). Which px of the map lies where comes from the
 * prediction's record, so a pixel size that was corrected since does not move it.
 */
@SuppressWarnings("try")    // close() of QuPath's servers may throw anything
final class MapTileServer extends AbstractTileableImageServer {

    private static final Logger logger = LoggerFactory.getLogger(MapTileServer.class);
    private static final int TILE = 512;

    /** A Gaussian that is narrower, in px, changes nothing that one could see. */
    private static final double LEAST_SIGMA = 0.2;

    private final MapFile map;
    private final double[] downsample;
    private final double sigma;     // of the finest level's px
    private final List<ImageChannel> channels;
    private final ImageServerMetadata metadata;

    /**
     * A map over an image.
     *
     * @param smoothUm standard deviation of a Gaussian over its probabilities; 0: none
     */
    MapTileServer(ImageServer<BufferedImage> image, MapFile map, double smoothUm) {
        this.map = map;
        this.downsample = map.downsample() != null ? map.downsample() : new double[] {
            (double) image.getWidth() / map.width(0), (double) image.getHeight() / map.height(0)};
        double pixelUm = image.getPixelCalibration().getAveragedPixelSizeMicrons();
        this.sigma = smoothUm > 0 && pixelUm > 0 ? smoothUm / pixelUm / mean() : 0;
        this.channels = LiveClassifier.channels(map.classes());
        var levels = new ImageResolutionLevel.Builder(image.getWidth(), image.getHeight());
        for (int level = 0; level < map.levels(); level++) {
            double mean = Math.max(1, mean()) * (1 << level);
            levels.addLevel(mean, Math.max(1, (int) Math.ceil(image.getWidth() / mean - 1e-6)),
                    Math.max(1, (int) Math.ceil(image.getHeight() / mean - 1e-6)));
        }
        this.metadata = new ImageServerMetadata.Builder(image.getMetadata())
                .name(map.path().getFileName().toString())
                .rgb(false).pixelType(PixelType.UINT8)
                .channelType(ChannelType.FEATURE)  // see LiveServer
                .channels(channels)
                .preferredTileSize(TILE, TILE).levels(levels.build()).build();
    }

    private double mean() {
        return (downsample[0] + downsample[1]) / 2;
    }

    @Override
    protected BufferedImage readTile(TileRequest tile) {
        int width = tile.getTileWidth();
        int height = tile.getTileHeight();
        if (map.plane() != null && (nZSlices() > 1 || nTimepoints() > 1)
                && !map.plane().equals(new Plane(tile.getZ(), tile.getT()))) {
            return BandImages.image(new byte[channels.size()][width * height], width, height,
                    channels);
        }
        int level = tile.getLevel();
        int[] columns = places(tile.getTileX(), width, tile.getDownsample(), downsample[0], level);
        int[] rows = places(tile.getTileY(), height, tile.getDownsample(), downsample[1], level);
        try {
            int across = columns[width - 1] - columns[0] + 1;
            byte[][] found = window(level, columns[0], rows[0], across,
                    rows[height - 1] - rows[0] + 1);
            byte[][] planes = picked(found, across, columns, rows);
            return BandImages.image(map.isClassMap() ? byClass(planes[0]) : planes, width, height,
                    channels);
        } catch (IOException e) {
            logger.warn("A part of the map cannot be shown: {}", e.getMessage());
            return null;
        }
    }

    private byte[][] window(int level, int x, int y, int width, int height) throws IOException {
        double here = sigma / (1 << level);
        if (here < LEAST_SIGMA || map.isClassMap()) {
            return map.read(level, x, y, width, height);
        }
        int reach = ProbabilitySmoothing.reach(here);
        int wide = width + 2 * reach;
        int high = height + 2 * reach;
        return ProbabilitySmoothing.of(map.read(level, x - reach, y - reach, wide, high), wide,
                high, here);
    }

    /** For each px of a tile the px of the map's level under its middle. */
    private static int[] places(int first, int count, double step, double pxL0, int level) {
        int[] places = new int[count];
        for (int i = 0; i < count; i++) {
            places[i] = (int) Math.floor((first + i + 0.5) * step / (pxL0 * (1 << level)));
        }
        return places;
    }

    private static byte[][] picked(byte[][] planes, int across, int[] columns, int[] rows) {
        byte[][] out = new byte[planes.length][columns.length * rows.length];
        for (int c = 0; c < planes.length; c++) {
            int at = 0;
            for (int row : rows) {
                int line = (row - rows[0]) * across;
                for (int column : columns) {
                    out[c][at++] = planes[c][line + column - columns[0]];
                }
            }
        }
        return out;
    }

    private byte[][] byClass(byte[] labels) {
        byte[][] planes = new byte[channels.size()][labels.length];
        for (int i = 0; i < labels.length; i++) {
            int label = labels[i] & 255;
            if (label > 0 && label <= planes.length) {
                planes[label - 1][i] = (byte) 255;
            }
        }
        return planes;
    }

    @Override
    public Collection<URI> getURIs() {
        return List.of(map.path().toUri());
    }

    @Override
    public String getServerType() {
        return "hookpath map";
    }

    @Override
    public ImageServerMetadata getOriginalMetadata() {
        return metadata;
    }

    @Override
    protected ServerBuilder<BufferedImage> createServerBuilder() {
        return null;
    }

    @Override
    protected String createID() {
        return "hookpath-map: " + map.path() + " " + Arrays.toString(downsample) + " "
                + UUID.randomUUID();
    }

    @Override
    public void close() throws Exception {
        super.close();
        map.close();
    }
}
