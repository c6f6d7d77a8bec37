package qupath.ext.hookpath.core.geojson;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import qupath.ext.hookpath.core.AtomicTextFile;
import qupath.ext.hookpath.core.Json;

/**
 * Writes a GeoJSON feature collection, one feature a line, as it comes. The file appears when the
 * writer is closed, complete, or not at all: {@link #discard()} leaves what was there. One thread.
 */
public final class GeoJsonWriter implements AutoCloseable {

    private final Path file;
    private final Path beside;
    private final Writer out;
    private int count;
    private boolean broken;
    private boolean closed;

    /** Begins a file (UTF-8); its folder must be there. */
    public GeoJsonWriter(Path geojson) throws IOException {
        file = geojson;
        beside = AtomicTextFile.beside(geojson);
        out = Files.newBufferedWriter(beside, StandardCharsets.UTF_8);
        out.write("{\"type\": \"FeatureCollection\", \"features\": [");
    }

    /** Adds a feature. */
    public void write(JsonObject feature) throws IOException {
        broken = true;
        out.write(count++ == 0 ? "\n" : ",\n");
        Json.FEATURES.toJson(feature, out);
        broken = false;
    }

    /** Features written so far. */
    public int count() {
        return count;
    }

    /** Gives up: nothing is written, the old file stays. */
    public void discard() throws IOException {
        broken = true;
        close();
    }

    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        try (out) {
            if (!broken) {
                out.write("\n]}\n");
            }
        } catch (IOException e) {
            broken = true;
            throw e;
        } finally {
            finish();
        }
    }

    private void finish() throws IOException {
        if (broken) {
            Files.deleteIfExists(beside);
        } else {
            AtomicTextFile.moveInto(beside, file);
        }
    }
}
