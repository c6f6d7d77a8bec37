package qupath.ext.hookpath;

import com.google.gson.JsonArray;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.IntConsumer;
import qupath.ext.hookpath.core.FeatureReader;
import qupath.lib.io.GsonTools;
import qupath.lib.objects.PathObject;

/**
 * Objects of a GeoJSON file of any size: read in chunks, made by QuPath's own reader on several
 * threads. Not for the JavaFX thread.
 */
final class FeatureParser {

    private static final int CHUNK = 1000;

    private FeatureParser() {}

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
        try (FeatureReader reader = new FeatureReader(file, CHUNK)) {
            while (reader.hasNext()) {
                List<String> features = reader.next();
                running.add(CompletableFuture.supplyAsync(() -> objects(features)));
                if (running.size() >= ahead) {
                    found.addAll(running.poll().join());
                    progress.accept(found.size());
                }
            }
            running.forEach(chunk -> found.addAll(chunk.join()));
        } catch (IOException | JsonParseException | CompletionException | IllegalStateException e) {
            throw new HookpathException(
                    Texts.get("error.geojson", file, Problems.oneLine(e)), e);
        }
        progress.accept(found.size());
        return found;
    }

    private static List<PathObject> objects(List<String> features) {
        JsonArray array = new JsonArray(features.size());
        features.forEach(feature -> array.add(JsonParser.parseString(feature)));
        List<PathObject> made = GsonTools.parseObjectsFromGeoJSON(array);
        made.removeIf(object -> !object.hasROI() || object.getROI().isEmpty());
        Outlines.keep(made);
        return made;
    }
}
