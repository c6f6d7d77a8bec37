package qupath.ext.hookpath.core.jobs;

/** How long something will take, in words that do not flicker. */
public final class DurationText {

    private DurationText() {
    }

    /**
     * {@code "a few seconds"}, {@code "about 40 s"}, {@code "about 3 min"},
     * {@code "about 2 h 10 min"}; empty when it is not known (NaN, infinite or negative).
     */
    public static String about(double seconds) {
        if (!Double.isFinite(seconds) || seconds < 0) {
            return "";
        }
        if (seconds < 8) {
            return "a few seconds";
        }
        if (seconds < 55) {
            return "about " + Math.round(seconds / 10) * 10 + " s";
        }
        long minutes = Math.round(seconds / 60);
        if (minutes < 60) {
            return "about " + minutes + " min";
        }
        long rounded = Math.round(seconds / 600) * 10;
        String rest = rounded % 60 == 0 ? "" : " " + rounded % 60 + " min";
        return "about " + rounded / 60 + " h" + rest;
    }
}
