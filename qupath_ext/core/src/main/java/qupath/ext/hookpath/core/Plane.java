package qupath.ext.hookpath.core;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.Collection;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One plane of an image.
 *
 * @param z along z, from 0, as QuPath counts
 * @param t in time, from 0
 */
public record Plane(int z, int t) {

    /** The only one of most images. */
    public static final Plane FIRST = new Plane(0, 0);

    /** Id of an image's plane in an annotation loop that has chosen planes. */
    private static final Pattern ID = Pattern.compile("(.*)@z(\\d{1,6})t(\\d{1,6})");

    /** The plane that QuPath opens an image of so many planes with: the middle one, at first. */
    public static Plane usual(int sizeZ) {
        return new Plane(sizeZ / 2, 0);
    }

    /**
     * Of an id in an annotation loop.
     *
     * @return null: it is an image's own
     */
    public static Plane ofId(String id) {
        Matcher found = ID.matcher(id);
        return !found.matches() ? null
                : new Plane(Integer.parseInt(found.group(2)), Integer.parseInt(found.group(3)));
    }

    /** Id of the image that an id in an annotation loop is of. */
    public static String imageOf(String id) {
        Matcher found = ID.matcher(id);
        return found.matches() ? found.group(1) : id;
    }

    /** Id of this plane of an image in an annotation loop. */
    public String idOn(String image) {
        return image + "@z" + z + "t" + t;
    }

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
            text.append(text.isEmpty() ? "" : ",").append(first)
                    .append(last > first ? "-" + last : "");
            left.removeAll(left.subSet(first, last + 1).stream().toList());
        }
        return text.toString();
    }
}
