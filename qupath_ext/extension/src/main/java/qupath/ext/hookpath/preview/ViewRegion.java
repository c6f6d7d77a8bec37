package qupath.ext.hookpath.preview;

/**
 * A rectangle of an image to classify, in the frame of the image as QuPath shows it.
 *
 * @param x left edge in level-0 px
 * @param y upper edge in level-0 px
 * @param width number of output px across
 * @param height number of output px down
 * @param downsample level-0 px per output px
 */
public record ViewRegion(double x, double y, int width, int height, double downsample) {

    /** Number of output px. */
    public int area() {
        return width * height;
    }

    /** Whether it shares area with a rectangle in level-0 px. */
    boolean meets(java.awt.geom.Rectangle2D rectangle) {
        return rectangle.intersects(x, y, width * downsample, height * downsample);
    }
}
