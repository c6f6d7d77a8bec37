package qupath.ext.hookpath.preview;

import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import qupath.ext.hookpath.core.ClassPart;
import qupath.lib.gui.images.stores.ImageRenderer;

/**
 * Paints probabilities (one band per class, 0…255): every px gets the colour of its likeliest
 * class. Classes may be hidden, unsure px left out, and sure ones drawn stronger. Thread-safe:
 * QuPath paints on several threads while a person moves a slider.
 */
public final class ClassRenderer implements ImageRenderer {

    /** What is shown; a new one for every change. */
    private record Look(int[] colors, boolean[] shown, int threshold, boolean graded) {}

    private final String id = ClassRenderer.class.getName() + UUID.randomUUID();
    private final AtomicLong changes = new AtomicLong();
    private volatile Look look;

    /** All classes, whatever their probability. */
    public ClassRenderer(List<ClassPart> classes) {
        int[] colors = new int[classes.size()];
        boolean[] shown = new boolean[classes.size()];
        for (int i = 0; i < colors.length; i++) {
            colors[i] = ClassColors.packed(classes.get(i), i);
            shown[i] = true;
        }
        look = new Look(colors, shown, 0, false);
    }

    /** Shows or hides a class. */
    public synchronized void show(int index, boolean shown) {
        boolean[] all = look.shown().clone();
        all[index] = shown;
        change(new Look(look.colors(), all, look.threshold(), look.graded()));
    }

    /** Leaves out px whose likeliest class is less probable than that (0…1). */
    public synchronized void setThreshold(double probability) {
        int threshold = (int) Math.round(255 * probability);
        change(new Look(look.colors(), look.shown(), threshold, look.graded()));
    }

    /** Whether a px is drawn the fainter the less probable its class is. */
    public synchronized void setGraded(boolean graded) {
        change(new Look(look.colors(), look.shown(), look.threshold(), graded));
    }

    private void change(Look changed) {
        look = changed;
        changes.incrementAndGet();
    }

    @Override
    public BufferedImage applyTransforms(BufferedImage in, BufferedImage out) {
        int width = in.getWidth();
        int height = in.getHeight();
        BufferedImage target = out != null && out.getWidth() == width && out.getHeight() == height
                && out.getType() == BufferedImage.TYPE_INT_ARGB ? out
                : new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB);
        Look now = look;
        int[] row = new int[width];
        int[][] bands = new int[Math.min(now.colors().length, in.getRaster().getNumBands())][];
        for (int y = 0; y < height; y++) {
            paintRow(in.getRaster(), y, now, bands, row);
            target.setRGB(0, y, width, 1, row, 0, width);
        }
        return target;
    }

    private static void paintRow(Raster raster, int y, Look look, int[][] bands, int[] row) {
        for (int c = 0; c < bands.length; c++) {
            bands[c] = raster.getSamples(0, y, row.length, 1, c, bands[c]);
        }
        for (int x = 0; x < row.length; x++) {
            row[x] = color(look, bands, x);
        }
    }

    private static int color(Look look, int[][] bands, int x) {
        int best = 0;
        for (int c = 1; c < bands.length; c++) {
            if (bands[c][x] > bands[best][x]) {
                best = c;
            }
        }
        int probability = bands[best][x];
        if (probability == 0 || probability < look.threshold() || !look.shown()[best]) {
            return 0;
        }
        int alpha = look.graded() ? probability : 255;
        return alpha << 24 | look.colors()[best];
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
