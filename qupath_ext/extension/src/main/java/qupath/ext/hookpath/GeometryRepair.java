package qupath.ext.hookpath;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.lang.reflect.Constructor;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.Polygon;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import qupath.lib.geom.Point2;
import qupath.lib.io.GsonTools;
import qupath.lib.objects.PathObject;
import qupath.lib.objects.PathROIObject;
import qupath.lib.regions.ImagePlane;
import qupath.lib.roi.GeometryTools;
import qupath.lib.roi.PolygonROI;
import qupath.lib.roi.interfaces.ROI;

/**
 * Polygons whose geometry QuPath gets wrong.
 *
 * <p>QuPath (0.6.0 and 0.7.0 at least) turns a polygon's vertices into a geometry by way of Java's
 * {@code Area}, whose crossings are off by a fraction of a pixel. Of a jagged outline, as traced
 * from pixels, that may leave less than half of the area: in GeoJSON exports, in merging, at the
 * first stroke of the brush. The vertices themselves are right, and so is what the viewer draws.
 */
public final class GeometryRepair {

    private static final Logger logger = LoggerFactory.getLogger(GeometryRepair.class);
    private static final Gson GSON = GsonTools.getInstance();
    private static final double ROUNDING_PX = 0.01; // QuPath rounds a geometry's vertices to this
    private static final Constructor<?> GEOMETRY_ROI = geometryRoi();

    private GeometryRepair() {}

    /** The object as a GeoJSON feature, its outline as drawn. */
    public static JsonObject feature(PathObject object) {
        // By way of text: QuPath's writer of coordinates cannot make a tree.
        String text = GSON.toJson(object, PathObject.class);
        JsonObject feature = JsonParser.parseString(text).getAsJsonObject();
        Polygon drawn = misread(object.getROI());
        if (drawn != null) {
            feature.getAsJsonObject("geometry").addProperty("type", "Polygon");
            feature.getAsJsonObject("geometry").add("coordinates", rings(drawn));
        }
        return feature;
    }

    /**
     * A ROI for a geometry.
     *
     * @param geometry a valid polygon or multi-polygon of QuPath's precision
     * @param asGeometry whether it holds the geometry also where QuPath would keep vertices: for
     *     detections, since nobody edits their vertices, and to find out whether QuPath would
     *     misread them takes longer than all else in an import
     */
    static ROI roi(Geometry geometry, boolean asGeometry) {
        if (asGeometry && GEOMETRY_ROI != null && !geometry.isRectangle()) {
            try {
                return (ROI) GEOMETRY_ROI.newInstance(geometry, ImagePlane.getDefaultPlane());
            } catch (ReflectiveOperationException e) {
                logger.debug("No geometry ROI for {}", geometry, e);
            }
        }
        return GeometryTools.geometryToROI(geometry, ImagePlane.getDefaultPlane());
    }

    /** Gives objects a ROI that holds its geometry where QuPath would misread the vertices. */
    static void keep(Collection<? extends PathObject> objects) {
        for (PathObject object : objects) {
            Polygon drawn = misread(object.getROI());
            if (drawn != null && GEOMETRY_ROI != null) {
                replace(object, drawn);
            }
        }
    }

    /** Gives an object another ROI and keeps its measurements, which QuPath would drop. */
    static void set(PathObject object, ROI roi) {
        Map<String, Number> measurements = new LinkedHashMap<>(object.getMeasurements());
        ((PathROIObject) object).setROI(roi);
        object.getMeasurementList().putAll(measurements);
    }

    private static void replace(PathObject object, Polygon drawn) {
        try {
            var roi = GEOMETRY_ROI.newInstance(drawn, object.getROI().getImagePlane());
            set(object, (ROI) roi);
        } catch (ReflectiveOperationException e) {
            logger.warn("Outline of {} stays as QuPath reads it", object, e);
        }
    }

    /** The outline as its vertices say where QuPath's geometry has another area, else null. */
    private static Polygon misread(ROI roi) {
        if (!(roi instanceof PolygonROI)) {
            return null;
        }
        double lost = Math.abs(roi.getArea() - roi.getGeometry().getArea());
        if (lost <= ROUNDING_PX * (1 + roi.getLength())) {
            return null;
        }
        Polygon drawn = polygon(roi.getAllPoints());
        // A person's self-intersecting outline has no other geometry than the one QuPath gives it.
        return drawn.isValid() ? drawn : null;
    }

    private static Polygon polygon(List<Point2> points) {
        Coordinate[] ring = new Coordinate[points.size() + 1];
        for (int i = 0; i < points.size(); i++) {
            ring[i] = new Coordinate(points.get(i).getX(), points.get(i).getY());
        }
        ring[points.size()] = ring[0].copy();
        return GeometryTools.getDefaultFactory().createPolygon(ring);
    }

    private static JsonArray rings(Polygon polygon) {
        JsonArray ring = new JsonArray();
        for (Coordinate c : polygon.getExteriorRing().getCoordinates()) {
            JsonArray position = new JsonArray();
            position.add(c.x);
            position.add(c.y);
            ring.add(position);
        }
        JsonArray rings = new JsonArray();
        rings.add(ring);
        return rings;
    }

    /** QuPath makes such a ROI itself only where there are holes or parts. */
    private static Constructor<?> geometryRoi() {
        try {
            Constructor<?> found = Class.forName("qupath.lib.roi.GeometryROI")
                    .getDeclaredConstructor(Geometry.class, ImagePlane.class);
            found.setAccessible(true);
            return found;
        } catch (ReflectiveOperationException | RuntimeException e) {
            logger.warn("Jagged outlines may lose area in QuPath", e);
            return null;
        }
    }
}
