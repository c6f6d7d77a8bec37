package qupath.ext.hookpath.core.jobs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageServerRecordTest {

    private static final String OPENSLIDE =
            "qupath.lib.images.servers.openslide.OpenslideServerBuilder";
    private static final String RGB = "\"isRGB\": true, \"width\": 300, \"height\": 200, "
            + "\"pixelCalibration\": {\"pixelWidth\": {\"value\": 0.25, \"unit\": \"µm\"}, "
            + "\"pixelHeight\": {\"value\": 0.26, \"unit\": \"µm\"}}";

    @TempDir
    Path folder;
    private Path slide;

    @BeforeEach
    void aSlide() throws IOException {
        slide = Files.createFile(folder.resolve("50 % größer.svs"));
    }

    private JsonObject uri(String provider, String args, String metadata) {
        return JsonParser.parseString("{\"builderType\": \"uri\", \"providerClassName\": \""
                + provider + "\", \"uri\": \"" + slide.toUri() + "\", \"args\": [" + args
                + "], \"metadata\": {" + metadata + "}}").getAsJsonObject();
    }

    private static JsonObject around(String kind, JsonObject inner) {
        JsonObject outer = new JsonObject();
        outer.addProperty("builderType", kind);
        outer.add("builder", inner);
        return outer;
    }

    @Test
    void anOrdinarySlideWithItsPixelSize() {
        ImageServerRecord found = ImageServerRecord.parse(uri(OPENSLIDE, "", RGB));
        assertNull(found.problem());
        assertEquals(slide, found.file());
        assertTrue(found.cropToBounds());
        assertArrayEquals(new double[] {0.25, 0.26}, found.mppXY());
        assertEquals(300, found.width());
        assertEquals(200, found.height());
    }

    @Test
    void noCropAndOtherReadersKeepTheFilesOrigin() {
        assertFalse(ImageServerRecord.parse(uri(OPENSLIDE, "\"--no-crop\"", RGB)).cropToBounds());
        assertFalse(ImageServerRecord.parse(uri("qupath.lib.images.servers.bioformats."
                + "BioFormatsServerBuilder", "", RGB)).cropToBounds());
    }

    @Test
    void withoutMicronsThereIsNoPixelSize() {
        String pixels = RGB.replace("µm", "px");
        assertNull(ImageServerRecord.parse(uri(OPENSLIDE, "", pixels)).mppXY());
        String notANumber = RGB.replace("0.25", "\"NaN\"");
        assertNull(ImageServerRecord.parse(uri(OPENSLIDE, "", notANumber)).mppXY());
        assertNull(ImageServerRecord.parse(uri(OPENSLIDE, "", "\"isRGB\": true")).mppXY());
    }

    @Test
    void furtherLevelsAreTheSameImage() {
        ImageServerRecord found = ImageServerRecord.parse(around("pyramidize",
                uri(OPENSLIDE, "", RGB)));
        assertNull(found.problem());
        assertEquals(slide, found.file());
        assertEquals(300, found.width());
    }

    @Test
    void otherFramesAreHandedOverAsQuPathHasThem() {
        JsonObject inner = uri(OPENSLIDE, "", RGB);
        JsonObject deep = around("pyramidize", around("rotated", inner));
        for (JsonObject builder : List.of(around("rotated", inner), around("cropped", inner),
                around("brand-new", inner), deep,
                uri("qupath.lib.images.servers.bioformats.BioFormatsServerBuilder", "", RGB),
                uri("x", "\"--series\", \"2\"", RGB))) {
            ImageServerRecord found = ImageServerRecord.parse(builder);
            assertNull(found.problem());
            assertEquals(slide, found.file());
            assertEquals(builder, found.server());
            assertFalse(found.cropToBounds());
        }
        assertNull(ImageServerRecord.parse(inner).server());
        assertNull(ImageServerRecord.parse(around("pyramidize", inner)).server());
    }

    @Test
    void whatNamesNoFileIsRefused() {
        JsonObject nothing = around("brand-new", new JsonObject());
        assertTrue(problem(nothing).contains("names no file (brand-new)"));
    }

    @Test
    void channelsAreNamedUnlessTheImageIsRgbOrGrey() {
        String three = "\"isRGB\": false, \"pixelType\": \"UINT16\", \"sizeZ\": 5, "
                + "\"channels\": [{\"name\": \"DAPI\"}, {\"name\": \"CD8\"}, {}]";
        ImageServerRecord found = ImageServerRecord.parse(uri(OPENSLIDE, "", three));
        assertNull(found.problem());
        assertEquals(List.of("DAPI", "CD8", ""), found.channels());
        assertEquals(List.of(5, 1), List.of(found.sizeZ(), found.sizeT()));
        String grey = "\"isRGB\": false, \"channels\": [{\"name\": \"grey\"}]";
        for (String rgb : List.of(RGB, grey, "\"width\": 3")) {
            assertEquals(List.of(), ImageServerRecord.parse(uri(OPENSLIDE, "", rgb)).channels());
        }
    }

    @Test
    void aMissingFileIsRefused() throws IOException {
        JsonObject missing = uri(OPENSLIDE, "", RGB);
        Files.delete(slide);
        assertTrue(problem(missing).contains("not found at " + slide));
    }

    @Test
    void whatLiesBehindAnAddressIsReadByQuPath() {
        JsonObject omero = uri(OPENSLIDE, "", RGB);
        omero.addProperty("uri", "https://omero/webclient/?show=image-1");
        ImageServerRecord found = ImageServerRecord.parse(omero);
        assertNull(found.problem());
        assertNull(found.file());
        assertEquals(omero, found.server());
        assertFalse(found.cropToBounds());
    }

    private static String problem(JsonObject builder) {
        return ImageServerRecord.parse(builder).problem();
    }
}
