package qupath.ext.hookpath.core;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/**
 * Reads the features of a GeoJSON file in chunks, holding one chunk in memory at a time.
 *
 * <p>Takes what QuPath and hookpath write: a feature collection, an array, or a single feature or
 * geometry; plain, gzip or zip (all GeoJSON files in it), told apart by content. For one thread.
 */
public final class FeatureReader implements AutoCloseable, Iterator<List<String>> {

    private final Path file;
    private final int chunk;
    private final GeoJsonSource source;
    private final Deque<JsonElement> pending = new ArrayDeque<>();
    private JsonReader reader;      // of the document being read; null: none
    private boolean inCollection;   // within "features" of an object, not within a plain array

    /**
     * Opens a file.
     *
     * @param geojson the file
     * @param chunk   features in each list, at most
     * @throws IOException when the file cannot be opened
     */
    public FeatureReader(Path geojson, int chunk) throws IOException {
        if (chunk < 1) {
            throw new IllegalArgumentException("a chunk has at least one feature");
        }
        this.file = geojson;
        this.chunk = chunk;
        this.source = GeoJsonSource.open(geojson);
    }

    /**
     * Whether there are further features.
     *
     * @throws UncheckedIOException when the file is damaged; what came before is good
     */
    @Override
    public boolean hasNext() {
        try {
            while (pending.isEmpty() && advance()) {
                // one step may bring none
            }
            return !pending.isEmpty();
        } catch (JsonParseException | MalformedJsonException | IllegalStateException e) {
            throw damaged(e);
        } catch (IOException e) {
            throw e instanceof EOFException ? damaged(e) : new UncheckedIOException(e);
        }
    }

    /** The next features as JSON texts, each of one feature; never empty. */
    @Override
    public List<String> next() {
        return nextElements().stream().map(JsonElement::toString).toList();
    }

    /** The next features as JSON; never empty. Quicker than {@link #next} for who parses them. */
    public List<JsonElement> nextElements() {
        if (!hasNext()) {
            throw new NoSuchElementException(file + " has no more features");
        }
        List<JsonElement> features = new ArrayList<>(chunk);
        while (features.size() < chunk && hasNext()) {
            features.add(pending.remove());
        }
        return features;
    }

    @Override
    public void close() throws IOException {
        source.close();
    }

    /** Reads one feature or opens the next document; false at the end of all. */
    private boolean advance() throws IOException {
        if (reader == null) {
            return openNext();
        }
        if (reader.hasNext()) {
            add(JsonParser.parseReader(reader));
            return true;
        }
        finishDocument();
        return true;
    }

    private boolean openNext() throws IOException {
        reader = source.next();
        if (reader == null) {
            return false;
        }
        if (reader.peek() == JsonToken.BEGIN_ARRAY) {
            inCollection = false;
            reader.beginArray();
        } else {
            openObject();
        }
        return true;
    }

    private void openObject() throws IOException {
        JsonObject seen = new JsonObject();
        reader.beginObject();
        while (reader.hasNext()) {
            String key = reader.nextName();
            if (key.equals("features") && reader.peek() == JsonToken.BEGIN_ARRAY) {
                inCollection = true;
                reader.beginArray();
                return;
            }
            seen.add(key, JsonParser.parseReader(reader));
        }
        reader.endObject();
        reader = null;
        add(seen);
    }

    private void finishDocument() throws IOException {
        reader.endArray();
        if (inCollection) {
            while (reader.hasNext()) {
                reader.nextName();
                reader.skipValue();
            }
            reader.endObject();
        }
        reader = null;
    }

    private void add(JsonElement element) {
        if (!element.isJsonObject()) {
            throw new JsonParseException("not GeoJSON: " + shortened(element));
        }
        JsonObject object = element.getAsJsonObject();
        String type = Json.text(object, "type");
        if ("FeatureCollection".equals(type)) {
            Json.list(object, "features").forEach(this::add);
        } else if ("Feature".equals(type)) {
            pending.add(object);
        } else if (object.has("coordinates") || object.has("geometries")) {
            JsonObject feature = new JsonObject();
            feature.addProperty("type", "Feature");
            feature.add("geometry", object);
            feature.add("properties", new JsonObject());
            pending.add(feature);
        } else {
            throw new JsonParseException("not GeoJSON: " + shortened(element));
        }
    }

    private static String shortened(JsonElement element) {
        String text = element.toString();
        return text.length() < 80 ? text : text.substring(0, 76) + " …";
    }

    private UncheckedIOException damaged(Exception cause) {
        String message = file + ": damaged or no GeoJSON (" + Json.reason(cause) + ")";
        return new UncheckedIOException(new IOException(message, cause));
    }
}
