package qupath.ext.hookpath;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.IntConsumer;
import org.locationtech.jts.geom.Geometry;
import qupath.ext.hookpath.core.geojson.GeoJsonReader;
import qupath.lib.io.GsonTools;
import qupath.lib.objects.PathObject;

/**
 * Objects of a GeoJSON file of any size: read in chunks, made by QuPath's own reader on several
 * threads. Not for the JavaFX thread.
 */
final class GeoJsonObjects {

    private static final int CHUNK = 1000;
    private static final Set<String> PLAIN = Set.of("detection", "annotation");
    private static final JsonObject POINT = point();

    private GeoJsonObjects() {}

    /**
     * All objects of a file.
     *
     * @param file {@code .geojson}, {@code .json}, each also in {@code .gz} or {@code .zip}
     * @param progress hears how many objects there are so far
     * @throws HookpathException it cannot be read, or is no GeoJSON
     */
    static List<PathObject> read(Path file, IntConsumer progress) {
        int ahead = Math.max(2, Runtime.getRuntime().availableProcessors());
        Deque<CompletableFuture<List<PathObject>>> running = new ArrayDeque<>();
        List<PathObject> found = new ArrayList<>();
        try (GeoJsonReader reader = new GeoJsonReader(file, CHUNK)) {
            while (reader.hasNext()) {
                List<JsonObject> features = reader.next();
                running.add(CompletableFuture.supplyAsync(() -> objects(features)));
                if (running.size() >= ahead) {
                    found.addAll(running.poll().join());
                    progress.accept(found.size());
                }
            }
            running.forEach(chunk -> found.addAll(chunk.join()));
        } catch (IOException | UncheckedIOException | JsonParseException | CompletionException
                | IllegalStateException e) {
            String reason = ErrorMessages.oneLine(e);
            throw new HookpathException(reason.contains(file.toString()) ? reason
                    : UiTexts.get("error.geojson", file, reason), e);
        }
        progress.accept(found.size());
        return found;
    }

    private static List<PathObject> objects(List<JsonObject> features) {
        List<PathObject> made = new ArrayList<>(features.size());
        for (JsonObject feature : features) {
            Geometry outline = outlineOf(feature);
            if (outline == null) {
                made.addAll(GsonTools.parseObjectsFromGeoJSON(feature));
            } else {
                made.addAll(withOutline(feature, outline));
            }
        }
        made.removeIf(object -> !object.hasROI() || object.getROI().isEmpty());
        GeometryRepair.keep(made);
        return made;
    }

    /** QuPath makes the object around a point, which is quick; then it gets its outline. */
    private static List<PathObject> withOutline(JsonObject feature, Geometry outline) {
        feature.add("geometry", POINT);
        List<PathObject> made = GsonTools.parseObjectsFromGeoJSON(feature);
        for (PathObject object : made) {
            GeometryRepair.set(object, GeometryRepair.roi(outline, object.isDetection()));
        }
        return made;
    }

    /** The outline where it is all that is special about a feature; null: left to QuPath. */
    private static Geometry outlineOf(JsonObject feature) {
        if (!(feature.get("geometry") instanceof JsonObject geometry)
                || !(feature.get("properties") instanceof JsonObject properties)
                || feature.has("nucleusGeometry") || feature.has("features")) {
            return null;
        }
        JsonElement type = properties.get("objectType");
        boolean plain = type != null && PLAIN.contains(type.getAsString())
                && !properties.has("childObjects");
        return plain ? GeoJsonGeometry.read(geometry) : null;
    }

    private static JsonObject point() {
        JsonArray origin = new JsonArray();
        origin.add(0);
        origin.add(0);
        JsonObject point = new JsonObject();
        point.addProperty("type", "Point");
        point.add("coordinates", origin);
        return point;
    }
}
