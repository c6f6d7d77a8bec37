package qupath.ext.hookpath.preview;

import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import qupath.ext.hookpath.core.jobs.RequestClass;
import qupath.ext.hookpath.core.maps.MapColors;
import qupath.lib.gui.images.stores.ImageRenderer;

/**
 * Paints probabilities (one band per class, 0…255) as a {@link MapColors} says. Thread-safe:
 * QuPath paints on several threads while a person moves a slider.
 */
public final class ClassRenderer implements ImageRenderer {

    private final String id = ClassRenderer.class.getName() + UUID.randomUUID();
    private final AtomicLong changes = new AtomicLong();
    private volatile MapColors paint;

    /** All classes, whatever their probability. */
    public ClassRenderer(List<RequestClass> classes) {
        int[] colors = new int[classes.size()];
        for (int i = 0; i < colors.length; i++) {
            colors[i] = DistinctClassColors.packed(classes.get(i), i);
        }
        paint = MapColors.likeliest(colors);
    }

    /** What is painted, and how. */
    public MapColors paint() {
        return paint;
    }

    /** Paints otherwise from now on. */
    public synchronized void change(UnaryOperator<MapColors> change) {
        paint = change.apply(paint);
        changes.incrementAndGet();
    }

    @Override
    public BufferedImage applyTransforms(BufferedImage in, BufferedImage out) {
        int width = in.getWidth();
        int height = in.getHeight();
        BufferedImage target = out != null && out.getWidth() == width && out.getHeight() == height
                && out.getType() == BufferedImage.TYPE_INT_ARGB ? out
                : new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB);
        MapColors now = paint;
        int[] row = new int[width];
        int[][] bands = new int[Math.min(now.colors().length, in.getRaster().getNumBands())][];
        for (int y = 0; y < height; y++) {
            paintRow(in.getRaster(), y, now, bands, row);
            target.setRGB(0, y, width, 1, row, 0, width);
        }
        return target;
    }

    private static void paintRow(Raster raster, int y, MapColors now, int[][] bands, int[] row) {
        for (int c = 0; c < bands.length; c++) {
            bands[c] = raster.getSamples(0, y, row.length, 1, c, bands[c]);
        }
        for (int x = 0; x < row.length; x++) {
            row[x] = now.color(bands, x);
        }
    }

    @Override
    public long getLastChangeTimestamp() {
        return changes.get();
    }

    @Override
    public String getUniqueID() {
        return id + ":" + changes.get();
    }
}
