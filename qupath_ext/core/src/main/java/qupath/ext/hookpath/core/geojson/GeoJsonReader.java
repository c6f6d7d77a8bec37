package qupath.ext.hookpath.core.geojson;

import com.google.gson.JsonElement;
import com.google.gson.JsonIOException;
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
import java.util.Set;
import java.util.zip.ZipException;
import qupath.ext.hookpath.core.Json;

/**
 * Reads the features of a GeoJSON file in chunks, holding one chunk in memory at a time.
 *
 * <p>Takes what QuPath and hookpath write: a feature collection, an array, or a single feature or
 * geometry; plain, gzip or zip (all GeoJSON files in it), detected by content. Numbers stay the
 * text that they are in the file. For one thread.
 */
public final class GeoJsonReader implements AutoCloseable, Iterator<List<JsonObject>> {

    private static final Set<String> GEOMETRIES = Set.of("Point", "MultiPoint", "LineString",
            "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection");

    private final Path file;
    private final int chunk;
    private final CompressedGeoJson source;
    private final Deque<JsonObject> pending = new ArrayDeque<>();
    private JsonReader document;    // being read; null: none
    private boolean inCollection;   // within "features" of an object, not within a plain array

    /**
     * Opens a file.
     *
     * @param geojson the file
     * @param chunk   features in each list, at most
     * @throws IOException when the file cannot be opened
     */
    public GeoJsonReader(Path geojson, int chunk) throws IOException {
        if (chunk < 1) {
            throw new IllegalArgumentException("a chunk has at least one feature");
        }
        this.file = geojson;
        this.chunk = chunk;
        this.source = CompressedGeoJson.open(geojson);
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
        } catch (JsonIOException e) {
            throw e.getCause() instanceof ZipException || !(e.getCause() instanceof IOException io)
                    ? damaged(e) : new UncheckedIOException(io);
        } catch (MalformedJsonException | EOFException | ZipException | JsonParseException
                | IllegalStateException e) {
            throw damaged(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The next features; never empty. */
    @Override
    public List<JsonObject> next() {
        if (!hasNext()) {
            throw new NoSuchElementException(file + " has no more features");
        }
        List<JsonObject> features = new ArrayList<>(chunk);
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
        if (document == null) {
            return openNext();
        }
        if (document.hasNext()) {
            add(JsonParser.parseReader(document));
        } else {
            document.endArray();
            finishDocument();
        }
        return true;
    }

    private boolean openNext() throws IOException {
        document = source.next();
        if (document == null) {
            return false;
        }
        inCollection = document.peek() != JsonToken.BEGIN_ARRAY;
        if (inCollection) {
            openObject();
        } else {
            document.beginArray();
        }
        return true;
    }

    private void openObject() throws IOException {
        JsonObject seen = new JsonObject();
        document.beginObject();
        while (document.hasNext()) {
            String name = document.nextName();
            if (name.equals("features") && document.peek() == JsonToken.BEGIN_ARRAY) {
                document.beginArray();
                return;
            }
            seen.add(name, JsonParser.parseReader(document));
        }
        document.endObject();
        document = null;
        add(seen);
    }

    private void finishDocument() throws IOException {
        if (inCollection) {
            while (document.hasNext()) {
                document.skipValue();
            }
            document.endObject();
        }
        document = null;
    }

    private void add(JsonElement element) throws IOException {
        JsonObject found = element.isJsonObject() ? element.getAsJsonObject() : new JsonObject();
        String type = Json.text(found, "type");
        if ("Feature".equals(type)) {
            pending.add(found);
        } else if ("FeatureCollection".equals(type)) {
            for (JsonElement feature : Json.list(found, "features")) {
                add(feature);
            }
        } else if (type != null && GEOMETRIES.contains(type)) {
            pending.add(featureOf(found));
        } else {
            String text = element.toString();
            throw new MalformedJsonException("not GeoJSON: "
                    + (text.length() < 80 ? text : text.substring(0, 76) + " …"));
        }
    }

    private static JsonObject featureOf(JsonObject geometry) {
        JsonObject feature = new JsonObject();
        feature.addProperty("type", "Feature");
        feature.add("geometry", geometry);
        feature.add("properties", new JsonObject());
        return feature;
    }

    private UncheckedIOException damaged(Exception cause) {
        String message = file + ": damaged or no GeoJSON (" + Json.reason(cause) + ")";
        return new UncheckedIOException(new IOException(message, cause));
    }
}
