package qupath.ext.hookpath.core.models;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelChannelsTest {

    @TempDir
    Path folder;

    private ModelFolder model(String normalisation) throws IOException {
        Files.writeString(folder.resolve(ModelFolder.CARD), "{\"format_version\": 1, \"family\": "
                + "\"unet\", \"classes\": [], \"branches\": [], \"normalisation\": "
                + normalisation + "}");
        return ModelFolder.read(folder);
    }

    @Test
    void aModelNamesTheChannelsThatItTakes() throws IOException {
        ModelFolder found = model("{\"scale\": 0.004, \"channels\": [{\"name\": \"DAPI\","
                + " \"low\": 0, \"high\": 9}, {\"name\": \"CD8\", \"low\": 1, \"high\": 2}]}");
        assertEquals(List.of("DAPI", "CD8"), found.channels());
        assertEquals(List.of("CD8"), found.missingFrom(List.of("CK", " dapi ")));
        assertEquals(List.of(), found.missingFrom(List.of("CD8", "DAPI", "CK")));
    }

    @Test
    void oneOfRgbNamesNone() throws IOException {
        assertEquals(List.of(), model("{\"scale\": 0.004}").channels());
    }
}
