package qupath.ext.hookpath.core.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JobRequestTest {

    @TempDir
    Path temp;

    @Test
    void theFileIsTheContractWordForWord() throws Exception {
        RequestProject project = new RequestProject("My project",
                List.of(new RequestClass("Tumor", new int[] {200, 0, 0}),
                        new RequestClass("Immune: CD3", null)),
                List.of(new RequestImage("3", "a b ü.svs", "/data/a.svs", new double[] {0.25, 0.5},
                        true, "images/3.geojson", Map.of("hookpath.split", "train"), null, null)));
        Path file = JobRequest.of("predict").extension("0.1.0").option("model", Path.of("m"))
                .option("as", "detections").option("min-area", 100).option("image", List.of("3"))
                .option("tiff", true).option("inside", null).project(project).build()
                .write(temp.resolve("new/job"));
        assertEquals(temp.resolve("new/job/request.json"), file);
        assertEquals(JsonParser.parseString("""
                {"schema": 1, "extension": "0.1.0", "command": "predict",
                 "options": {"model": "m", "as": "detections", "min-area": 100, "image": ["3"],
                             "tiff": true},
                 "project": {"name": "My project",
                   "classes": [{"name": "Tumor", "color": [200, 0, 0]},
                               {"name": "Immune: CD3", "color": null}],
                   "images": [{"id": "3", "name": "a b ü.svs", "slide": "/data/a.svs",
                     "mpp": [0.25, 0.5], "crop_to_bounds": true, "annotations": "images/3.geojson",
                     "metadata": {"hookpath.split": "train"},
                     "server": null, "problem": null}]}}"""),
                JsonParser.parseString(Files.readString(file)));
        try (Stream<Path> files = Files.list(file.getParent())) {
            assertEquals(List.of(file), files.toList());
        }
    }

    @Test
    void withoutAProjectThereIsNone() {
        JsonObject request = JsonParser.parseString(JobRequest.of("doctor").build().toJson())
                .getAsJsonObject();
        assertFalse(request.has("project"));
        assertEquals(System.getProperty("hookpath.version"),
                request.get("extension").getAsString());
    }
}
