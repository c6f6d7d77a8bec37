package qupath.ext.hookpath;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.Set;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryFactory;
import org.locationtech.jts.geom.LinearRing;
import org.locationtech.jts.geom.Polygon;
import org.locationtech.jts.geom.PrecisionModel;
import qupath.lib.roi.GeometryTools;

/**
 * Polygons of GeoJSON as geometry of QuPath's precision. QuPath's own reader sends every polygon
 * through an overlay to round it, which takes most of the time of an import; here positions are
 * rounded, and only what is not valid after that is left to it.
 */
final class GeoJsonGeometry {

    private static final Set<String> PLAIN = Set.of("type", "coordinates");

    private GeoJsonGeometry() {}

    /**
     * Reads a polygon or multi-polygon.
     *
     * @param json a GeoJSON geometry
     * @return null for all that is left to QuPath's reader
     */
    static Geometry read(JsonObject json) {
        if (!PLAIN.containsAll(json.keySet())
                || !(json.get("coordinates") instanceof JsonArray at)) {
            return null;
        }
        try {
            Geometry found = switch (json.get("type").getAsString()) {
                case "Polygon" -> polygon(at);
                case "MultiPolygon" -> polygons(at);
                default -> null;
            };
            return found != null && !found.isEmpty() && found.isValid() ? found : null;
        } catch (IllegalArgumentException | IllegalStateException | IndexOutOfBoundsException
                | ClassCastException e) {
            return null;
        }
    }

    private static Geometry polygons(JsonArray parts) {
        Polygon[] polygons = new Polygon[parts.size()];
        for (int i = 0; i < polygons.length; i++) {
            polygons[i] = polygon(parts.get(i).getAsJsonArray());
        }
        return polygons.length == 1 ? polygons[0] : factory().createMultiPolygon(polygons);
    }

    private static Polygon polygon(JsonArray rings) {
        LinearRing[] holes = new LinearRing[rings.size() - 1];
        for (int i = 0; i < holes.length; i++) {
            holes[i] = ring(rings.get(i + 1).getAsJsonArray());
        }
        return factory().createPolygon(ring(rings.get(0).getAsJsonArray()), holes);
    }

    private static LinearRing ring(JsonArray positions) {
        PrecisionModel precision = factory().getPrecisionModel();
        Coordinate[] ring = new Coordinate[positions.size()];
        for (int i = 0; i < ring.length; i++) {
            JsonArray position = positions.get(i).getAsJsonArray();
            ring[i] = new Coordinate(precision.makePrecise(position.get(0).getAsDouble()),
                    precision.makePrecise(position.get(1).getAsDouble()));
        }
        return factory().createLinearRing(ring);
    }

    private static GeometryFactory factory() {
        return GeometryTools.getDefaultFactory();
    }
}
