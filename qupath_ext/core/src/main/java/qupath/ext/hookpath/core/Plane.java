package qupath.ext.hookpath.core;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.Collection;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * One plane of an image.
 *
 * @param z along z, from 0, as QuPath counts
 * @param t in time, from 0
 */
public record Plane(int z, int t) {

    /** The only one of most images. */
    public static final Plane FIRST = new Plane(0, 0);

    /**
     * Of a result or a record of the Python package.
     *
     * @return null: it does not say
     */
    public static Plane of(JsonObject json) {
        List<JsonElement> plane = Json.list(json, "plane");
        return plane.size() != 2 ? null
                : new Plane(plane.get(0).getAsInt(), plane.get(1).getAsInt());
    }

    /** Indices along z of some planes, as {@link #listed} writes them. */
    public static String listedZ(Collection<Plane> planes) {
        return listed(planes.stream().map(Plane::z).toList());
    }

    /** Indices in time of some planes, as {@link #listed} writes them. */
    public static String listedT(Collection<Plane> planes) {
        return listed(planes.stream().map(Plane::t).toList());
    }

    /** In order, each once, runs of three and more by their ends: {@code 0,2-4}. */
    public static String listed(Collection<Integer> indices) {
        SortedSet<Integer> left = new TreeSet<>(indices);
        StringBuilder text = new StringBuilder();
        while (!left.isEmpty()) {
            int first = left.first();
            int last = first;
            while (left.contains(last + 1)) {
                last++;
            }
            last = last == first + 1 ? first : last;
            text.append(text.isEmpty() ? "" : ",").append(first).append(last > first ? "-" + last : "");
            left.removeAll(left.subSet(first, last + 1).stream().toList());
        }
        return text.toString();
    }
}
