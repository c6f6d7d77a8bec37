package qupath.ext.hookpath.core.environment;

/**
 * How far the setting up of a Python is.
 *
 * @param step  what is done now
 * @param what  name of what is worked on, e.g. a package; {@code ""}: nothing to name
 * @param done  bytes that are here
 * @param total bytes in all; 0: not known, or nothing is fetched
 * @param rate  bytes a second, over the last seconds; 0: nothing is fetched
 */
public record SetupProgress(Step step, String what, long done, long total, double rate) {

    /** The steps, in their order. */
    public enum Step {
        /** Fetching the installer. */
        INSTALLER,
        /** Finding or fetching Python. */
        PYTHON,
        /** Finding out which packages are needed. */
        RESOLVE,
        /** Fetching packages. */
        FETCH,
        /** Installing packages. */
        INSTALL,
        /** Trying what was installed. */
        CHECK;

        /** From 1. */
        public int number() {
            return ordinal() + 1;
        }
    }

    /** Of a step that fetches nothing. */
    public static SetupProgress of(Step step, String what) {
        return new SetupProgress(step, what, 0, 0, 0);
    }

    /** The part that is done, 0 to 1; -1: not known. */
    public double part() {
        return total > 0 ? Math.min(1, (double) done / total) : -1;
    }

    /** E.g. {@code "1.2 of 3.4 GB"}; {@code ""}: nothing is fetched. */
    public String bytes() {
        if (total <= 0) {
            return done > 0 ? amount(done, done) + unit(done) : "";
        }
        return amount(done, total) + " of " + amount(total, total) + unit(total);
    }

    /** E.g. {@code "12.3 MB/s"}; {@code ""}: not known. */
    public String speed() {
        long perSecond = Math.round(rate);
        return perSecond > 0 ? amount(perSecond, perSecond) + unit(perSecond) + "/s" : "";
    }

    /** Seconds until all is here at this rate; -1: not known. */
    public double secondsLeft() {
        return total > 0 && rate > 0 ? (total - done) / rate : -1;
    }

    private static String amount(long bytes, long like) {
        double value = like >= 1_000_000_000 ? bytes / 1e9 : like >= 1_000_000 ? bytes / 1e6
                : bytes / 1e3;
        return String.format(java.util.Locale.ROOT, "%.1f", value);
    }

    private static String unit(long like) {
        return like >= 1_000_000_000 ? " GB" : like >= 1_000_000 ? " MB" : " kB";
    }
}
