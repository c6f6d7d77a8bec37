package qupath.ext.hookpath.core.training;

/**
 * Lines and points of one class on one image, which have an area only where they are given a width.
 *
 * @param lengthMm of all lines together; NaN where the pixel size is not known
 * @param count    lines and points
 */
public record LinesAndPoints(double lengthMm, int count) {

    /** Widest and narrowest line, in µm, as {@code hookpath train --line-width} takes it. */
    public static final double NARROWEST_UM = 0.01;
    public static final double WIDEST_UM = 10_000;

    /** Both together. */
    public LinesAndPoints plus(LinesAndPoints other) {
        return new LinesAndPoints(lengthMm + other.lengthMm, count + other.count);
    }

    /** Bands with round ends, and discs, in mm². */
    public double areaMm2(double widthUm) {
        double widthMm = widthUm / 1000;
        return lengthMm * widthMm + count * Math.PI / 4 * widthMm * widthMm;
    }

    /**
     * A width that a person typed.
     *
     * @return µm; 0: nothing was typed; NaN: no width
     */
    public static double width(String typed) {
        if (typed.isBlank()) {
            return 0;
        }
        try {
            double um = Double.parseDouble(typed.strip().replace(',', '.'));
            return um >= NARROWEST_UM && um <= WIDEST_UM ? um : Double.NaN;
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }
}
