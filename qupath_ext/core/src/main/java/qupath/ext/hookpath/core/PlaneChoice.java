package qupath.ext.hookpath.core;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Planes of stacks, as the command line's {@code --z} and {@code --t} take them: {@code 3},
 * {@code 0,2-4} or {@code all}.
 *
 * @param z along z; null: the one that QuPath shows first, the middle one
 * @param t in time; null: the first
 */
public record PlaneChoice(String z, String t) {

    /** The plane of each image that QuPath shows first. */
    public static final PlaneChoice USUAL = new PlaneChoice(null, null);

    /** Every plane. */
    public static final PlaneChoice ALL = new PlaneChoice("all", "all");

    /** As many as the command line takes. */
    private static final int MOST = 100_000;

    /** One plane. */
    public static PlaneChoice of(Plane plane) {
        return new PlaneChoice(String.valueOf(plane.z()), String.valueOf(plane.t()));
    }

    /** As arguments of a script. */
    public Map<String, Object> arguments() {
        Map<String, Object> arguments = new LinkedHashMap<>();
        if (z != null) {
            arguments.put("z", z);
        }
        if (t != null) {
            arguments.put("t", t);
        }
        return arguments;
    }

    /**
     * Number of planes of an image that it names.
     *
     * @param sizeZ how many the image has along z
     * @param sizeT how many in time
     */
    public int count(int sizeZ, int sizeT) {
        return count(z, sizeZ) * count(t, sizeT);
    }

    private static int count(String text, int size) {
        SortedSet<Integer> found = text == null ? null : indices(text);
        return text == null ? 1 : found == null ? size : found.size();
    }

    /**
     * Whether a text names indices below a size.
     *
     * @param text what a person wrote
     * @param size how many there are
     */
    public static boolean isUsable(String text, int size) {
        try {
            SortedSet<Integer> found = indices(text);
            return found == null || found.last() < size;
        } catch (NumberFormatException e) {
            return false;
        }
    }

    /** The indices that a text names; null: all. */
    private static SortedSet<Integer> indices(String text) {
        if ("all".equalsIgnoreCase(text.strip())) {
            return null;
        }
        SortedSet<Integer> found = new TreeSet<>();
        for (String part : text.split(",", -1)) {
            String[] ends = part.strip().split("-", 2);
            int first = index(ends[0]);
            int last = ends.length == 1 ? first : index(ends[1]);
            if (last < first || last - first > MOST) {
                throw new NumberFormatException(part);
            }
            for (int i = first; i <= last; i++) {
                found.add(i);
            }
        }
        return found;
    }

    private static int index(String text) {
        if (!text.strip().matches("[0-9]{1,9}")) {
            throw new NumberFormatException(text);
        }
        return Integer.parseInt(text.strip());
    }
}
