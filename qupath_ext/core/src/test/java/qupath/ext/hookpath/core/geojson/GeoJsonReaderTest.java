package qupath.ext.hookpath.core.geojson;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GeoJsonReaderTest {

    private static final String POINT =
            "{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[%d,2.50]},"
                    + "\"properties\":{\"name\":\"ü\"}}";

    @TempDir
    Path temp;

    private static String feature(int n) {
        return POINT.formatted(n);
    }

    private static List<List<String>> chunks(Path file, int size) throws IOException {
        try (GeoJsonReader reader = new GeoJsonReader(file, size)) {
            List<List<String>> all = new ArrayList<>();
            reader.forEachRemaining(chunk -> all.add(texts(chunk)));
            return all;
        }
    }

    private static List<String> texts(List<JsonObject> features) {
        return features.stream().map(JsonObject::toString).toList();
    }

    private List<String> features(String text) throws IOException {
        Path file = Files.writeString(temp.resolve("a.geojson"), text);
        return chunks(file, 100).stream().flatMap(List::stream).toList();
    }

    @Test
    void featuresComeInChunksInOrderAndTextForText() throws IOException {
        String text = "{\"type\": \"FeatureCollection\", \"features\": [" + feature(1) + ",\n"
                + feature(2) + "," + feature(3) + "], \"more\": {\"a\": [1]}}";
        Path file = Files.writeString(temp.resolve("a.geojson"), text);
        assertEquals(List.of(List.of(feature(1), feature(2)), List.of(feature(3))),
                chunks(file, 2));
    }

    @Test
    void arraysSingleFeaturesAndGeometriesAreFeaturesToo() throws IOException {
        assertEquals(List.of(feature(1), feature(2)),
                features("[" + feature(1) + ", " + feature(2) + "]"));
        assertEquals(List.of(feature(1)), features(feature(1)));
        assertEquals(List.of("{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\","
                + "\"coordinates\":[1,2]},\"properties\":{}}"),
                features("{\"type\": \"Point\", \"coordinates\": [1, 2]}"));
        assertEquals(List.of(feature(1), feature(2)), features("[{\"type\": \"FeatureCollection\", "
                + "\"features\": [" + feature(1) + "]}, " + feature(2) + "]"));
    }

    @Test
    void bracketsAndQuotesInNamesAreText() throws IOException {
        String odd = "{\"properties\":{\"name\":\"a } ] \\\" \\\\\"},\"type\":\"Feature\"}";
        assertEquals(List.of(odd, feature(1)), features("[" + odd + " , " + feature(1) + "]"));
        assertEquals(List.of(odd), features(odd));
    }

    @Test
    void valuesLongerThanTheBufferAreWhole() throws IOException {
        String wide = feature(1).replace("ü", "\\\"ü".repeat(100_000));
        assertEquals(List.of(wide, feature(2)), features("[" + wide + "," + feature(2) + "]"));
    }

    @Test
    void anEmptyCollectionHasNone() throws IOException {
        assertEquals(List.of(), features("{\"features\": [], \"type\": \"FeatureCollection\"}"));
        assertEquals(List.of(), features("[]"));
        try (GeoJsonReader reader = new GeoJsonReader(temp.resolve("a.geojson"), 1)) {
            assertThrows(NoSuchElementException.class, reader::next);
        }
    }

    @Test
    void aByteOrderMarkIsNoPartOfTheText() throws IOException {
        assertEquals(List.of(feature(1)), features("\uFEFF" + feature(1)));
    }

    @Test
    void gzipAndZipAreKnownByTheirContent() throws IOException {
        Path gzip = temp.resolve("a.geojson");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(gzip))) {
            out.write(feature(1).getBytes(StandardCharsets.UTF_8));
        }
        assertEquals(List.of(List.of(feature(1))), chunks(gzip, 5));
        Path zip = temp.resolve("b");
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
            for (String name : List.of("readme.txt", "__MACOSX/x.json", "1.geojson",
                    "sub/2.JSON")) {
                out.putNextEntry(new ZipEntry(name));
                out.write((name.contains("2") ? "[" + feature(2) + "]" : feature(1))
                        .getBytes(StandardCharsets.UTF_8));
            }
        }
        assertEquals(List.of(List.of(feature(1), feature(2))), chunks(zip, 5));
    }

    @Test
    void aZipWithoutGeoJsonIsRefusedByName() throws IOException {
        Path zip = temp.resolve("b.zip");
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
            out.putNextEntry(new ZipEntry("readme.txt"));
        }
        IOException error = assertThrows(IOException.class, () -> new GeoJsonReader(zip, 1));
        assertTrue(error.getMessage().contains("b.zip"), error.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{\"type\": \"FeatureCollection\", \"features\": [{\"type\": \"Fea",
        "{\"type\": \"FeatureCollection\", \"features\": [", "[1]", "{\"a\": 1}", "hello",
        "[{},", "[{} {}]", "{\"features\": [], \"type\": "})
    void damageIsAnErrorWithTheFilesName(String text) {
        UncheckedIOException error = assertThrows(UncheckedIOException.class, () -> features(text));
        assertTrue(error.getMessage().contains("a.geojson"), error.getMessage());
        assertFalse(error.getMessage().contains("\n"), error.getMessage());
        assertFalse(error.getMessage().contains("JsonReader"), error.getMessage());
    }

    @Test
    void damageInsideAFeatureIsSeenWhenItIsReached() throws IOException {
        String text = "[" + feature(1) + ", {\"type\": \"Feature\", \"id\": ]}]";
        Path file = Files.writeString(temp.resolve("a.geojson"), text);
        try (GeoJsonReader reader = new GeoJsonReader(file, 1)) {
            assertEquals(List.of(feature(1)), texts(reader.next()));
            assertThrows(UncheckedIOException.class, reader::next);
        }
    }

    @Test
    void whatIsBeforeTheDamageCanBeRead() throws IOException {
        Path file = Files.writeString(temp.resolve("a.geojson"), "[" + feature(1) + ", {\"ty");
        try (GeoJsonReader reader = new GeoJsonReader(file, 1)) {
            assertEquals(List.of(feature(1)), texts(reader.next()));
            assertThrows(UncheckedIOException.class, reader::hasNext);
        }
    }

    @Test
    void aFileThatNeedNotFitInMemoryIsReadAndWritten() throws IOException {
        Path file = temp.resolve("many.geojson");
        int n = 100_000;
        JsonObject feature = JsonParser.parseString(feature(7)).getAsJsonObject();
        feature.getAsJsonObject("properties").addProperty("name", "x".repeat(2000));
        try (GeoJsonWriter writer = new GeoJsonWriter(file)) {
            for (int i = 0; i < n; i++) {
                writer.write(feature);
            }
        }
        assertTrue(Files.size(file) > 200_000_000 / 1.1, "larger than three quarters of the heap");
        int count = 0;
        try (GeoJsonReader reader = new GeoJsonReader(file, 1000)) {
            while (reader.hasNext()) {
                count += reader.next().size();
            }
        }
        assertEquals(n, count);
    }

    @Test
    void theWriterKeepsNaNAndNonAscii() throws IOException {
        Path file = temp.resolve("a.geojson");
        JsonObject feature = JsonParser.parseString("{\"type\":\"Feature\",\"properties\":"
                + "{\"name\":\"ü <b>\",\"x\":NaN}}").getAsJsonObject();
        feature.getAsJsonObject("properties").addProperty("y", Double.NaN);
        try (GeoJsonWriter writer = new GeoJsonWriter(file)) {
            writer.write(feature);
            assertFalse(Files.exists(file));
        }
        String text = Files.readString(file);
        assertTrue(text.contains("\"name\":\"ü <b>\",\"x\":\"NaN\",\"y\":NaN"), text);
        assertEquals(1, chunks(file, 5).size());
    }

    @Test
    void aWriterThatGivesUpLeavesTheOldFile() throws IOException {
        Path file = Files.writeString(temp.resolve("a.geojson"), "old");
        GeoJsonWriter writer = new GeoJsonWriter(file);
        writer.write(new JsonObject());
        assertEquals(1, writer.count());
        writer.discard();
        writer.close();
        assertEquals("old", Files.readString(file));
        assertEquals(List.of("a.geojson"), List.of(temp.toFile().list()));
    }
}
