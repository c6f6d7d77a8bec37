package qupath.ext.hookpath.core.geojson;

import com.google.gson.stream.JsonReader;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** The JSON documents in a plain, gzip or zip file, recognised by their first bytes. */
final class CompressedGeoJson implements AutoCloseable {

    private static final int BUFFER_BYTES = 1 << 16;
    private static final List<String> SUFFIXES =
            List.of(".geojson", ".json", ".geojson.gz", ".json.gz");

    private final Path file;
    private final ZipFile zip;                      // null: not a zip
    private final Iterator<? extends ZipEntry> entries;
    private boolean opened;
    private JsonReader current;

    private CompressedGeoJson(Path file, ZipFile zip) throws IOException {
        this.file = file;
        this.zip = zip;
        this.entries = zip == null ? null
                : zip.stream().filter(CompressedGeoJson::isGeoJson).iterator();
        if (zip != null && !entries.hasNext()) {
            zip.close();
            throw new IOException(file + ": no .geojson or .json inside the zip");
        }
    }

    static CompressedGeoJson open(Path file) throws IOException {
        byte[] head = head(file);
        boolean zipped = head.length == 4 && head[0] == 'P' && head[1] == 'K';
        return new CompressedGeoJson(file, zipped ? new ZipFile(file.toFile()) : null);
    }

    /** A reader of the next document, or null: there are no more. */
    JsonReader next() throws IOException {
        InputStream bytes = nextStream();
        if (bytes == null) {
            return null;
        }
        closeCurrent();
        current = new JsonReader(new InputStreamReader(unpacked(bytes), StandardCharsets.UTF_8));
        return current;
    }

    @Override
    public void close() throws IOException {
        closeCurrent();
        if (zip != null) {
            zip.close();
        }
    }

    private InputStream nextStream() throws IOException {
        if (zip != null) {
            return entries.hasNext() ? zip.getInputStream(entries.next()) : null;
        }
        if (opened) {
            return null;
        }
        opened = true;
        return Files.newInputStream(file);
    }

    private void closeCurrent() throws IOException {
        if (current != null) {
            current.close();
            current = null;
        }
    }

    private static boolean isGeoJson(ZipEntry entry) {
        String name = entry.getName().toLowerCase(Locale.ROOT);
        return SUFFIXES.stream().anyMatch(name::endsWith) && !name.startsWith("__macosx/");
    }

    private static InputStream unpacked(InputStream bytes) throws IOException {
        BufferedInputStream buffered = new BufferedInputStream(bytes, BUFFER_BYTES);
        buffered.mark(2);
        boolean gzip = buffered.read() == 0x1f && buffered.read() == 0x8b;
        buffered.reset();
        return gzip ? new GZIPInputStream(buffered, BUFFER_BYTES) : buffered;
    }

    private static byte[] head(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(4);
        }
    }
}
