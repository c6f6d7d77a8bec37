package qupath.ext.hookpath.core.jobs;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import qupath.ext.hookpath.core.Json;

/**
 * What a job hands back: objects and metadata for the images of the request.
 *
 * @param images image id → what to write into that image
 */
public record ResultIndex(Map<String, ImageResult> images) {

    /** No results. */
    public static final ResultIndex EMPTY = new ResultIndex(Map.of());

    /**
     * What a job has for one image.
     *
     * @param objects     GeoJSON file with the new objects, or null: none
     * @param run         the run that the objects are tagged with, or null
     * @param count       number of objects in the file
     * @param removedRuns runs whose untouched objects are to go
     * @param replacesAll whether all untouched objects of earlier runs are to go
     * @param metadata    key → new value, null: the key is to go
     */
    public record ImageResult(Path objects, String run, int count, List<String> removedRuns,
                              boolean replacesAll, Map<String, String> metadata) {
    }

    /**
     * Reads {@code results/index.json} of a job's folder; without one there are no results.
     *
     * @throws IOException when it is damaged or cannot be read
     */
    public static ResultIndex read(Path jobFolder) throws IOException {
        Path results = jobFolder.resolve("results");
        Path file = results.resolve("index.json");
        if (!Files.exists(file)) {
            return EMPTY;
        }
        Map<String, ImageResult> images = new LinkedHashMap<>();
        JsonObject listed = Json.object(Json.read(file), "images");
        try {
            for (String id : listed.keySet()) {
                images.put(id, image(results, Json.object(listed, id)));
            }
        } catch (IllegalStateException | UnsupportedOperationException e) {
            throw new IOException(Json.damage(file, e), e);
        }
        return new ResultIndex(images);
    }

    /** Only what the Python package makes: a folder from elsewhere may name any file. */
    private static Path objects(Path results, String name) {
        if (name == null) {
            return null;
        }
        if (!name.matches("[0-9]{1,9}\\.geojson")) {
            throw new IllegalStateException("no file of this folder: " + name);
        }
        return results.resolve(name);
    }

    private static ImageResult image(Path results, JsonObject json) {
        Double count = Json.number(json, "count");
        return new ImageResult(objects(results, Json.text(json, "objects")),
                Json.text(json, "run"), count == null ? 0 : count.intValue(),
                Json.texts(json, "removed_runs"), Json.flag(json, "replaces_all"),
                Json.strings(Json.object(json, "metadata")));
    }
}
