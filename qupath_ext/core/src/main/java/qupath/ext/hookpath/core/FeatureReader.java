package qupath.ext.hookpath.core;

import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.EOFException;
import java.io.IOException;
import java.io.StringReader;
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
import qupath.ext.hookpath.core.JsonScanner.DamagedJson;

/**
 * Reads the features of a GeoJSON file in chunks, holding one chunk in memory at a time.
 *
 * <p>Takes what QuPath and hookpath write: a feature collection, an array, or a single feature or
 * geometry; plain, gzip or zip (all GeoJSON files in it), told apart by content. Features are handed
 * on as they stand in the file: whoever parses them sees what is wrong inside one. For one thread.
 */
public final class FeatureReader implements AutoCloseable, Iterator<List<String>> {

    private final Path file;
    private final int chunk;
    private final GeoJsonSource source;
    private final Deque<String> pending = new ArrayDeque<>();
    private JsonScanner scanner;    // of the document being read; null: none
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
        } catch (DamagedJson | EOFException | ZipException | JsonParseException e) {
            throw damaged(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The next features as JSON texts, each of one feature; never empty. */
    @Override
    public List<String> next() {
        if (!hasNext()) {
            throw new NoSuchElementException(file + " has no more features");
        }
        List<String> features = new ArrayList<>(chunk);
        while (features.size() < chunk && hasNext()) {
            features.add(pending.remove());
        }
        return features;
    }

    /**
     * The next features, parsed; never empty.
     *
     * @throws UncheckedIOException when one is damaged
     */
    public List<JsonElement> nextElements() {
        try {
            return next().stream().map(JsonParser::parseString).toList();
        } catch (JsonParseException e) {
            throw damaged(e);
        }
    }

    @Override
    public void close() throws IOException {
        source.close();
    }

    /** Reads one feature or opens the next document; false at the end of all. */
    private boolean advance() throws IOException {
        if (scanner == null) {
            return openNext();
        }
        if (scanner.hasNext(']')) {
            add(scanner.value());
        } else {
            finishDocument();
        }
        return true;
    }

    private boolean openNext() throws IOException {
        scanner = source.next();
        if (scanner == null) {
            return false;
        }
        inCollection = scanner.peek() != '[';
        if (inCollection) {
            openObject();
        } else {
            scanner.open('[');
        }
        return true;
    }

    private void openObject() throws IOException {
        StringBuilder seen = new StringBuilder("{");
        scanner.open('{');
        while (scanner.hasNext('}')) {
            String name = scanner.name();
            if (name.equals("features") && scanner.peek() == '[') {
                scanner.open('[');
                return;
            }
            seen.append(seen.length() > 1 ? "," : "").append('"').append(name).append("\":")
                    .append(scanner.value());
        }
        scanner = null;
        add(seen.append('}').toString());
    }

    private void finishDocument() throws IOException {
        while (inCollection && scanner.hasNext('}')) {
            scanner.name();
            scanner.value();
        }
        scanner = null;
    }

    private void add(String text) throws IOException {
        Kind kind = Kind.of(text);
        switch (kind) {
            case FEATURE -> pending.add(text);
            case GEOMETRY -> pending.add("{\"type\":\"Feature\",\"geometry\":" + text
                    + ",\"properties\":{}}");
            case COLLECTION -> {
                for (JsonElement feature : Json.list(JsonParser.parseString(text)
                        .getAsJsonObject(), "features")) {
                    add(feature.toString());
                }
            }
            case OTHER -> throw new DamagedJson("not GeoJSON: "
                    + (text.length() < 80 ? text : text.substring(0, 76) + " …"));
        }
    }

    private UncheckedIOException damaged(Exception cause) {
        String message = file + ": damaged or no GeoJSON (" + Json.reason(cause) + ")";
        return new UncheckedIOException(new IOException(message, cause));
    }

    /** What a JSON text is, by its member "type", which usually comes first. */
    private enum Kind {
        FEATURE, COLLECTION, GEOMETRY, OTHER;

        private static final Set<String> GEOMETRIES = Set.of("Point", "MultiPoint", "LineString",
                "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection");

        static Kind of(String text) throws IOException {
            if (!text.startsWith("{")) {
                return OTHER;
            }
            JsonScanner members = new JsonScanner(new StringReader(text));
            members.open('{');
            while (members.hasNext('}')) {
                boolean isType = members.name().equals("type");
                String value = members.value();
                if (isType) {
                    return named(value.replace("\"", ""));
                }
            }
            return OTHER;
        }

        private static Kind named(String type) {
            return type.equals("Feature") ? FEATURE : type.equals("FeatureCollection") ? COLLECTION
                    : GEOMETRIES.contains(type) ? GEOMETRY : OTHER;
        }
    }
}
