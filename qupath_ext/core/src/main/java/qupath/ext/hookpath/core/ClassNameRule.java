package qupath.ext.hookpath.core;

/**
 * What a class's name says, by QuPath's own rule; the same as in {@code annotations/classes.py}.
 */
public final class ClassNameRule {

    private static final String DERIVED = ": ";

    private ClassNameRule() {
    }

    /**
     * Whether a class can be learned: not none, no mark of a region.
     *
     * @param name of the class; null: none
     */
    public static boolean isUsable(String name) {
        return name != null && !name.isBlank() && !isRegionMark(name);
    }

    /**
     * False for QuPath's ignored classes, whose last part ends in {@code *}: they make no objects.
     */
    public static boolean isOfInterest(String name) {
        String[] parts = name.split(DERIVED);
        return parts.length == 0 || !parts[parts.length - 1].endsWith("*");
    }

    /** Whether a class only marks a region: {@code Region*}, {@code Region: confirmed*}. */
    public static boolean isRegionMark(String name) {
        String[] parts = name.split(DERIVED);
        boolean starred = false;
        for (String part : parts) {
            starred |= part.endsWith("*");
        }
        return starred && parts[0].replaceFirst("\\*$", "").equals("Region");
    }
}
