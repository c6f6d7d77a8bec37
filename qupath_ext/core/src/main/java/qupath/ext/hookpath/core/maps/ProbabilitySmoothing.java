package qupath.ext.hookpath.core.maps;

/**
 * A Gaussian over probabilities, as {@code hookpath import --smooth} has it: means over what was
 * predicted, cut off at three standard deviations; where nothing was predicted nothing comes.
 */
public final class ProbabilitySmoothing {

    private static final double REACH = 3;

    private ProbabilitySmoothing() {
    }

    /** Px beyond a window that its smoothed values depend on. */
    public static int reach(double sigma) {
        return (int) Math.ceil(REACH * sigma);
    }

    /**
     * Smooths the inner part of a window.
     *
     * @param planes probabilities by class, {@code width * height} each, with {@link #reach} px
     *     around what is wanted
     * @param sigma  in px; above 0
     * @return planes of {@code (width - 2 * reach) * (height - 2 * reach)}
     */
    public static byte[][] of(byte[][] planes, int width, int height, double sigma) {
        int reach = reach(sigma);
        int across = width - 2 * reach;
        int down = height - 2 * reach;
        float[] kernel = kernel(sigma, reach);
        float[] there = new float[width * height];
        for (int i = 0; i < there.length; i++) {
            for (byte[] plane : planes) {
                there[i] = plane[i] != 0 ? 1 : there[i];
            }
        }
        float[] weights = blurred(there, width, height, kernel, reach);
        byte[][] out = new byte[planes.length][across * down];
        for (int c = 0; c < planes.length; c++) {
            float[] values = new float[width * height];
            for (int i = 0; i < values.length; i++) {
                values[i] = planes[c][i] & 255;
            }
            float[] sums = blurred(values, width, height, kernel, reach);
            for (int i = 0; i < sums.length; i++) {
                int inner = (i / across + reach) * width + i % across + reach;
                out[c][i] = there[inner] == 0 ? 0
                        : (byte) Math.round(Math.min(255, sums[i] / Math.max(weights[i], 1e-6f)));
            }
        }
        return out;
    }

    private static float[] kernel(double sigma, int reach) {
        float[] kernel = new float[2 * reach + 1];
        double sum = 0;
        for (int i = 0; i < kernel.length; i++) {
            kernel[i] = (float) Math.exp(-0.5 * Math.pow((i - reach) / sigma, 2));
            sum += kernel[i];
        }
        for (int i = 0; i < kernel.length; i++) {
            kernel[i] /= (float) sum;
        }
        return kernel;
    }

    /** The inner part, first along rows, then along columns. */
    private static float[] blurred(float[] in, int width, int height, float[] kernel, int reach) {
        int across = width - 2 * reach;
        float[] rows = new float[across * height];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < across; x++) {
                float sum = 0;
                for (int k = 0; k < kernel.length; k++) {
                    sum += kernel[k] * in[y * width + x + k];
                }
                rows[y * across + x] = sum;
            }
        }
        float[] out = new float[across * (height - 2 * reach)];
        for (int i = 0; i < out.length; i++) {
            float sum = 0;
            for (int k = 0; k < kernel.length; k++) {
                sum += kernel[k] * rows[i + k * across];
            }
            out[i] = sum;
        }
        return out;
    }
}
