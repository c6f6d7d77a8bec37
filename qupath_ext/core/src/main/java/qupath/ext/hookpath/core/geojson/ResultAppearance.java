package qupath.ext.hookpath.core.geojson;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.util.Objects;
import qupath.ext.hookpath.core.Json;

/**
 * How an object looked when it was written. While it still looks like that, it is a result and may
 * be replaced; once a person changed it, it is theirs. The rule is that of the Python package.
 *
 * @param className full class name, or null
 * @param name      the object's name, or null
 * @param locked    whether it is locked
 * @param area      in square pixels of level 0
 * @param length    length of all outlines, in pixels of level 0
 * @param bounds    min x, min y, max x, max y in pixels of level 0
 */
public record ResultAppearance(String className, String name, boolean locked, double area,
        double length,
                    double[] bounds) {

    /** Metadata key of an object under which its appearance is kept as JSON. */
    public static final String KEY = "hookpath.looks";

    /** Metadata key of an object under which the run that made it is kept. */
    public static final String RUN_KEY = "hookpath.run";

    // QuPath keeps vertices as 32-bit floats: 1/64 px at 200 000 px.
    private static final double POSITION_TOLERANCE_PX = 0.05;
    private static final double RELATIVE_LENGTH_TOLERANCE = 1e-3;

    /** Reads what {@link #toJson()} or the Python package wrote; null when it is damaged. */
    public static ResultAppearance parse(String json) {
        try {
            JsonObject o = JsonParser.parseString(json).getAsJsonObject();
            double[] bounds = Json.list(o, "bounds").stream().mapToDouble(v -> v.getAsDouble())
                    .toArray();
            return new ResultAppearance(Json.text(o, "class"), Json.text(o, "name"),
                    Json.flag(o, "locked"), o.get("area").getAsDouble(),
                    o.get("length").getAsDouble(), bounds);
        } catch (JsonParseException | IllegalStateException | NullPointerException
                | NumberFormatException | UnsupportedOperationException e) {
            return null;
        }
    }

    /** Whether nothing but rounding lies between the two. */
    public boolean alike(ResultAppearance other) {
        return Objects.equals(className, other.className) && Objects.equals(name, other.name)
                && locked == other.locked && closeInLength(other)
                && Math.abs(area - other.area) <= POSITION_TOLERANCE_PX * (length + 1)
                && closeInBounds(other);
    }

    private boolean closeInLength(ResultAppearance other) {
        double relative = RELATIVE_LENGTH_TOLERANCE
                * Math.max(Math.abs(length), Math.abs(other.length));
        return Math.abs(length - other.length) <= Math.max(relative, POSITION_TOLERANCE_PX);
    }

    private boolean closeInBounds(ResultAppearance other) {
        for (int i = 0; i < Math.min(bounds.length, other.bounds.length); i++) {
            if (!(Math.abs(bounds[i] - other.bounds[i]) <= POSITION_TOLERANCE_PX)) {
                return false;
            }
        }
        return true;
    }

    /** As the Python package keeps it, rounded to 1/1000 px. */
    public String toJson() {
        JsonObject o = new JsonObject();
        o.addProperty("class", className);
        o.addProperty("name", name);
        o.addProperty("locked", locked);
        o.addProperty("area", rounded(area));
        o.addProperty("length", rounded(length));
        JsonArray corners = new JsonArray();
        for (double bound : bounds) {
            corners.add(rounded(bound));
        }
        o.add("bounds", corners);
        return o.toString();
    }

    private static double rounded(double value) {
        return Double.isFinite(value) ? Math.rint(value * 1000) / 1000 : value;
    }
}
