package qupath.ext.hookpath.core.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluationResultTest {

    private static final String REPORT = """
            {"classes": [{"name": "T", "color": [200, 0, 0]}, {"name": "S", "color": []}],
             "parts": {"all": {"slides": 2, "confusion": [[90, 10, 0], [0, 0, 0]],
               "macro_f1": {"value": 0.5, "low": null, "high": null},
               "f1": {"T": {"value": 0.9, "low": 0.8, "high": 0.95},
                      "S": {"value": null, "low": null, "high": null}}},
              "train": {"slides": 1, "confusion": [[90, 0, 0], [0, 0, 0]], "f1": {}}},
             "slides": [
              {"id": "1", "name": "a.svs", "split": "train", "macro": {"f1": 0.7},
               "classes": {"T": {"f1": 0.7, "support": 90}, "S": {"f1": 0.0, "support": 0}},
               "areas": [
                {"object": "o1", "class": "T", "predicted": "T", "area_mm2": 0.5, "right": 1,
                 "loss": 0.1, "uncertainty": 0.2, "bounds": [1, 2, 3, 4], "marked_right": true,
                 "left_out": {"loss": 2.5, "predicted": "S", "right": 0.25}},
                {"object": "o2", "class": "T", "predicted": null, "area_mm2": 0.1, "right": null,
                 "loss": null, "uncertainty": null, "bounds": [], "marked_right": false,
                 "left_out": null}]},
              {"id": "2", "name": "b.svs", "split": null, "macro": {"f1": null}, "classes": {},
               "areas": [{"object": "o3", "class": "T", "predicted": "S", "area_mm2": 0.1,
                 "right": 0.25, "loss": null, "bounds": [0, 0, 9, 9]}]}],
             "problems": [{"image": "c.svs", "message": "is gone"},
                          {"image": "d.svs", "message": "d.svs: is damaged"}]}
            """;

    @TempDir
    private Path folder;

    private EvaluationResult read(String text) throws IOException {
        Files.writeString(folder.resolve(EvaluationResult.REPORT), text);
        return EvaluationResult.read(folder);
    }

    @Test
    void theMostDoubtfulAreaComesFirstAndThoseWithoutANumberLast() throws IOException {
        EvaluationResult found = read(REPORT);
        assertEquals(List.of("o1", "o3", "o2"),
                found.areas().stream().map(AreaScore::objectId).toList());
        assertEquals(2.5, found.areas().get(0).doubt());
        assertEquals(0.75, found.areas().get(1).doubt());   // no loss: what is wrong of it
        assertTrue(found.areas().get(0).marked());
        assertEquals(3, found.areas().get(0).bounds()[2]);
        assertNull(found.areas().get(2).predicted());
    }

    @Test
    void areasBehindACellOfThePartAreFound() throws IOException {
        EvaluationResult found = read(REPORT);
        assertEquals(3, found.areas(EvaluationResult.ALL, "T", null).size());
        assertEquals(List.of("o3"), found.areas(null, "T", "S").stream()
                .map(AreaScore::objectId).toList());
        assertEquals(2, found.areas("train", null, null).size());
        assertEquals(0, found.areas("val", null, null).size());
    }

    @Test
    void figuresAreThoseOfTheReport() throws IOException {
        EvaluationResult found = read(REPORT);
        EvaluationResult.Part all = found.parts().get("all");
        assertEquals(0.1, all.share(0, 1));
        assertTrue(Double.isNaN(all.share(1, 0)));
        assertEquals(0.95, all.f1().get("T").high());
        assertTrue(Double.isNaN(all.macroF1().low()));
        assertTrue(Double.isNaN(found.images().get(0).f1().get("S")));     // not annotated there
        assertEquals(List.of("c.svs: is gone", "d.svs: is damaged"), found.problems());
        assertNull(found.page());
    }

    @Test
    void aDamagedReportIsToldByItsName() {
        assertThrows(IOException.class, () -> EvaluationResult.read(folder));
        IOException said = assertThrows(IOException.class,
                () -> read("{\"classes\": [1], \"slides\": []}"));
        assertTrue(said.getMessage().contains(EvaluationResult.REPORT), said.getMessage());
    }
}
