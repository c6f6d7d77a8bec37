package qupath.ext.hookpath.core.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import qupath.ext.hookpath.core.ExtensionVersion;
import qupath.ext.hookpath.core.environment.ProgramAnswer;
import qupath.ext.hookpath.core.environment.PythonInterpreter;
import qupath.ext.hookpath.core.geojson.GeoJsonReader;
import qupath.ext.hookpath.core.geojson.GeoJsonWriter;
import qupath.ext.hookpath.core.geojson.ResultAppearance;
import qupath.ext.hookpath.core.jobs.JobOutcome.State;
import qupath.ext.hookpath.core.models.ModelFolder;
import qupath.ext.hookpath.core.training.TrainingRunFolder;

/** Java to Python and back with the real package: given by {@code -Ppython=FILE}. */
@Timeout(180)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RealPythonTest {

    private static final double[] CORNERS = {0, 0, 100, 100};
    private static final double SLIDE_MM2 = 600 * 400 * 0.5 * 0.5 / 1e6;

    @TempDir
    static Path folder;

    private static PythonInterpreter python;
    private static Path slide;

    private final List<JobEvent> events = Collections.synchronizedList(new ArrayList<>());

    @BeforeAll
    static void makeInputs() throws Exception {
        String given = System.getProperty("hookpath.python", "");
        assumeTrue(!given.isEmpty(), "no Python with hookpath given: -Ppython=FILE");
        python = new PythonInterpreter(Path.of(given));
        Path script = folder.resolve("make_inputs.py");
        try (InputStream in = RealPythonTest.class.getResourceAsStream("make_inputs.py")) {
            Files.copy(in, script);
        }
        ProgramAnswer made = ProgramAnswer.of(python.executable(), script.toString(),
                folder.toString());
        assertEquals(0, made.exitCode(), () -> String.join("\n", made.lines()));
        slide = folder.resolve("slide ü.tif");
    }

    private static RequestProject project(String annotations) {
        RequestImage image = new RequestImage("7", "a b ü.tif", slide.toString(), null, true,
                annotations,
                Map.of("hookpath.split", "train"), null, null);
        RequestImage turned = new RequestImage("8", "turned", null, null, true, null, Map.of(),
                null,
                "turned by 90°: hookpath cannot read that");
        return new RequestProject("My project",
                List.of(new RequestClass("Pale", new int[] {0, 0, 200}),
                new RequestClass("Dark", null)), List.of(image, turned));
    }

    private JobProcess start(String name, JobRequest request) throws Exception {
        return JobProcess.start(python, request.write(folder.resolve(name)), events::add);
    }

    @Test
    @Order(1)
    void theVersionsFit() throws Exception {
        python.check(System.getProperty("hookpath.version"));
        assertEquals(System.getProperty("hookpath.version"), ExtensionVersion.ofThisJar());
    }

    @Test
    @Order(2)
    void bothSidesAgreeOnWhatAPersonChanged() {
        String written = new ResultAppearance("T", null, false, 10_000, 400, new double[] {0, 0,
                100, 100})
                .toJson();
        List<String> others = new ArrayList<>();
        for (double slack : new double[] {0, 0.049, 0.051, 0.39, 0.41, 15, 25}) {
            others.add(new ResultAppearance("T", null, false, 10_000 + slack, 400,
                    CORNERS).toJson());
            others.add(new ResultAppearance("T", null, false, 10_000, 400 + slack,
                    CORNERS).toJson());
            others.add(new ResultAppearance("T", null, false, 10_000, 400,
                    new double[] {0, slack, 100, 100}).toJson());
        }
        others.add(new ResultAppearance("T", "", false, 10_000, 400, CORNERS).toJson());
        others.add(new ResultAppearance(null, null, false, 10_000, 400, CORNERS).toJson());
        others.add(new ResultAppearance("T", null, true, 10_000, 400, CORNERS).toJson());
        String script = """
                import json, sys
                from hookpath.projects.object_ownership import _alike
                written, *others = map(json.loads, sys.argv[1:])
                print(*(str(_alike(written, other)).lower() for other in others))
                """;
        List<String> arguments = new ArrayList<>(List.of("-c", script, written));
        arguments.addAll(others);
        ProgramAnswer python = ProgramAnswer.of(RealPythonTest.python.executable(),
                arguments.toArray(String[]::new));
        String java = others.stream().map(ResultAppearance::parse)
                .map(other -> String.valueOf(ResultAppearance.parse(written).alike(other)))
                .collect(Collectors.joining(" "));
        assertEquals(java, String.join("\n", python.lines()));
        assertTrue(java.contains("true") && java.contains("false"), java);
    }

    @Test
    @Order(3)
    void infoReadsWhatJavaWrote() throws Exception {
        Path job = Files.createDirectories(folder.resolve("info job ü"));
        try (GeoJsonWriter writer = new GeoJsonWriter(job.resolve("7.geojson"))) {
            writer.write(JsonParser.parseString("""
                    {"type": "Feature", "geometry": {"type": "Polygon", "coordinates":
                    [[[10, 10], [110, 10], [110, 210], [10, 210], [10, 10]]]},
                    "properties": {"objectType": "annotation", "classification": {"name": "Dark"}}}
                    """).getAsJsonObject());
        }
        JobOutcome outcome = start("info job ü",
                JobRequest.of("info").project(project("7.geojson")).build()).await();
        JsonObject image = outcome.results().getFirst().data().getAsJsonArray("images").get(0)
                .getAsJsonObject();
        assertEquals("a b ü.tif", image.get("name").getAsString());
        String text = outcome.results().getFirst().data().toString();
        assertTrue(text.contains("turned by 90°"), text);
        double mm2 = 100 * 200 * 0.25 / 1e6;
        assertTrue(text.contains("\"Dark\":" + mm2) || text.contains("\"Dark\":5.0E-3"), text);
    }

    @Test
    @Order(4)
    void predictBringsObjectsBack() throws Exception {
        JobRequest request = JobRequest.of("predict").option("model", folder.resolve("model"))
                .option("out", folder.resolve("out ü")).option("as", "detections")
                .option("tissue", false).option("tiff", false).option("image", List.of("7"))
                .option("inside", null).option("device", "cpu").project(project(null)).build();
        JobOutcome outcome = start("predict", request).await();
        assertEquals("", outcome.message(), () -> String.join("\n", outcome.lastLogLines()));
        assertEquals(State.DONE, outcome.state());
        assertEquals(0, outcome.exitCode());
        assertTrue(events.getFirst() instanceof JobEvent.Start, events.toString());
        assertTrue(events.stream().anyMatch(e -> e instanceof JobEvent.Progress p && p.finished()));
        ResultIndex.ImageResult result = outcome.index().images().get("7");
        assertTrue(result.replacesAll());
        assertEquals(1, result.count());
        try (GeoJsonReader reader = new GeoJsonReader(result.objects(), 10)) {
            assertPale(reader.next().getFirst(), result.run());
        }
    }

    private static void assertPale(JsonObject feature, String run) {
        JsonObject properties = feature.getAsJsonObject("properties");
        assertEquals("detection", properties.get("objectType").getAsString());
        JsonObject classification = properties.getAsJsonObject("classification");
        assertEquals("Pale", classification.get("name").getAsString());
        double um2 = properties.getAsJsonObject("measurements").get("Area µm^2").getAsDouble();
        assertEquals(SLIDE_MM2, um2 / 1e6, SLIDE_MM2 * 0.01);
        JsonObject metadata = properties.getAsJsonObject("metadata");
        assertEquals(run, metadata.get(ResultAppearance.RUN_KEY).getAsString());
        ResultAppearance appearance =
                ResultAppearance.parse(metadata.get(ResultAppearance.KEY).getAsString());
        assertEquals("Pale", appearance.className());
        assertNull(appearance.name());
        assertEquals(600 * 400, appearance.area(), 600 * 400 * 0.01);
    }

    @Test
    @Order(5)
    void aFailureIsOneLineWithTheImagesName() throws Exception {
        JobRequest request = JobRequest.of("predict").option("model", folder.resolve("model"))
                .option("out", folder.resolve("out 2")).option("image", "8").option("device", "cpu")
                .project(project(null)).build();
        JobOutcome outcome = start("failing", request).await();
        assertEquals(State.FAILED, outcome.state());
        assertTrue(outcome.message().contains("turned by 90°"), outcome.message());
    }

    @Test
    @Order(6)
    void aTrainingCanBeStoppedAndLeavesARunToGoOnWith() throws Exception {
        Path job = Files.createDirectories(folder.resolve("train job"));
        Files.writeString(job.resolve("7.geojson"), TWO_CLASSES);
        Path run = folder.resolve("runs/first");
        JobRequest request = JobRequest.of("train").option("out", run).option("model", "unet")
                .option("preset", "fast").option("set", List.of("model.filters=2", "model.depth=2",
                        "model.input_size=60", "model.spacings=[1.0]", "epochs=1000",
                        "steps_per_epoch=5", "batch_size=2", "device=cpu", "warmup=0",
                        "validation.fraction=0")).project(project("7.geojson")).build();
        CountDownLatch epoch = new CountDownLatch(1);
        JobProcess training = JobProcess.start(python, request.write(job), event -> {
            events.add(event);
            if (event instanceof JobEvent.Result r && r.kind().equals("epoch")) {
                epoch.countDown();
            }
        });
        boolean begun = epoch.await(60, TimeUnit.SECONDS);
        training.stop();
        JobOutcome outcome = training.await();
        assertTrue(begun, outcome::toString);
        assertEquals(State.STOPPED, outcome.state());
        assertEquals(1, outcome.exitCode(), "it did not stop by itself");
        TrainingRunFolder left = TrainingRunFolder.read(run);
        assertEquals(TrainingRunFolder.State.INTERRUPTED, left.state(), left.problem());
        assertTrue(left.epochsDone() >= 1);
        assertEquals(List.of(run), TrainingRunFolder.below(folder.resolve("runs")).stream()
                .map(TrainingRunFolder::path).toList());
        ModelFolder model = ModelFolder.read(run);
        assertNull(model.problem());
        assertEquals("first", model.name());
        assertEquals("unet", model.family());
    }

    private static final String TWO_CLASSES = """
            [{"type": "Feature", "geometry": {"type": "Polygon", "coordinates":
              [[[10, 10], [290, 10], [290, 390], [10, 390], [10, 10]]]},
              "properties": {"objectType": "annotation", "classification": {"name": "Dark"}}},
             {"type": "Feature", "geometry": {"type": "Polygon", "coordinates":
              [[[310, 10], [590, 10], [590, 390], [310, 390], [310, 10]]]},
              "properties": {"objectType": "annotation", "classification": {"name": "Pale"}}}]
            """;
}
