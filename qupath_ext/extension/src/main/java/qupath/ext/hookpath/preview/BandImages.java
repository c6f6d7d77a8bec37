package qupath.ext.hookpath.preview;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.util.List;
import qupath.lib.color.ColorModelFactory;
import qupath.lib.images.servers.ImageChannel;

/** Images of several bands from planes of bytes. */
final class BandImages {

    private BandImages() {}

    /**
     * An image with one band per plane.
     *
     * @param planes each {@code width * height} bytes, row by row; not copied
     * @param channels one per plane
     */
    static BufferedImage image(byte[][] planes, int width, int height,
            List<ImageChannel> channels) {
        int bands = planes.length;
        int[] banks = new int[bands];
        for (int i = 0; i < bands; i++) {
            banks[i] = i;
        }
        var buffer = new DataBufferByte(planes, width * height);
        var raster = Raster.createBandedRaster(
                buffer, width, height, width, banks, new int[bands], null);
        var colors = ColorModelFactory.getProbabilityColorModel8Bit(channels);
        return new BufferedImage(colors, raster, false, null);
    }
}
