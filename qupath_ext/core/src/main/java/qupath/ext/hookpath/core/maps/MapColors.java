package qupath.ext.hookpath.core.maps;

/**
 * How probabilities become colours. What is painted: every px in the colour of its likeliest class,
 * the probability of one class, or how uncertain the model is.
 *
 * @param what      what is painted
 * @param index     which class, of {@link What#CLASS}
 * @param colors    0xRRGGBB of every class
 * @param shown     of every class, whether it is painted ({@link What#LIKELIEST} only)
 * @param threshold 0…255: px below are left out
 * @param graded    whether px of a low probability are painted fainter ({@link What#LIKELIEST})
 */
public record MapColors(What what, int index, int[] colors, boolean[] shown, int threshold,
                    boolean graded) {

    /** What is painted. */
    public enum What { LIKELIEST, CLASS, UNCERTAINTY }

    /** From "sure" to "as good as guessing": seen on pink and on white tissue, also by the blind to
     * red and green. */
    private static final int[] RAMP = {0xFFFFCC, 0xFED976, 0xFD8D3C, 0xBD0026, 0x4D004B};

    /** All classes, each px in the colour of the likeliest. */
    public static MapColors likeliest(int[] colors) {
        boolean[] shown = new boolean[colors.length];
        java.util.Arrays.fill(shown, true);
        return new MapColors(What.LIKELIEST, 0, colors.clone(), shown, 0, false);
    }

    /** The same with something else painted. */
    public MapColors of(What other, int ofClass) {
        return new MapColors(other, ofClass, colors, shown, threshold, graded);
    }

    /** The same with a class painted or not. */
    public MapColors showing(int ofClass, boolean isShown) {
        boolean[] all = shown.clone();
        all[ofClass] = isShown;
        return new MapColors(what, index, colors, all, threshold, graded);
    }

    /** The same with px left out below a share of 1. */
    public MapColors from(double share) {
        int least = (int) Math.round(255 * share);
        return new MapColors(what, index, colors, shown, least, graded);
    }

    /** The same, fainter where it is less probable. */
    public MapColors graded(boolean isGraded) {
        return new MapColors(what, index, colors, shown, threshold, isGraded);
    }

    /**
     * The colour of one px.
     *
     * @param bands probabilities by class, 0…255, of many px; all 0: nothing is known of a px
     * @param px which
     * @return 0xAARRGGBB; 0: nothing is painted
     */
    public int color(int[][] bands, int px) {
        return switch (what) {
            case LIKELIEST -> likeliest(bands, px);
            case CLASS -> ofClass(bands, px);
            case UNCERTAINTY -> uncertainty(bands, px);
        };
    }

    /**
     * The colour that stands for a share in the legend.
     *
     * @param share from 0 to 1
     * @return 0xAARRGGBB
     */
    public int legend(double share) {
        int value = (int) Math.round(255 * share);
        return what == What.UNCERTAINTY ? 255 << 24 | ramp(value) : value << 24 | colors[index];
    }

    private int likeliest(int[][] bands, int px) {
        int best = 0;
        for (int c = 1; c < bands.length; c++) {
            if (bands[c][px] > bands[best][px]) {
                best = c;
            }
        }
        int probability = bands[best][px];
        if (probability == 0 || probability < threshold || !shown[best]) {
            return 0;
        }
        return (graded ? probability : 255) << 24 | colors[best];
    }

    private int ofClass(int[][] bands, int px) {
        int probability = index < bands.length ? bands[index][px] : 0;
        return probability < Math.max(1, threshold) ? 0 : probability << 24 | colors[index];
    }

    private int uncertainty(int[][] bands, int px) {
        int value = entropy(bands, px);
        return value < 0 || value < threshold ? 0 : 255 << 24 | ramp(value);
    }

    /** 0 (sure) to 255 (all classes alike); -1: nothing is known. */
    static int entropy(int[][] bands, int px) {
        double sum = 0;
        for (int[] band : bands) {
            sum += band[px];
        }
        if (sum == 0) {
            return -1;
        }
        double found = 0;
        for (int[] band : bands) {
            double p = band[px] / sum;
            found -= p > 0 ? p * Math.log(p) : 0;
        }
        return (int) Math.round(255 * Math.min(1, found / Math.log(Math.max(2, bands.length))));
    }

    private static int ramp(int value) {
        double at = value / 255.0 * (RAMP.length - 1);
        int low = Math.min((int) at, RAMP.length - 2);
        double part = at - low;
        int mixed = 0;
        for (int shift = 16; shift >= 0; shift -= 8) {
            double from = RAMP[low] >> shift & 255;
            double to = RAMP[low + 1] >> shift & 255;
            mixed |= (int) Math.round(from + part * (to - from)) << shift;
        }
        return mixed;
    }
}
