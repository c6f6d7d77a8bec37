package qupath.ext.hookpath.preview;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.geom.Rectangle2D;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import qupath.ext.hookpath.core.environment.PythonInterpreter;

/** The real worker, driven through Appose from Java; needs {@code -Ppython} with hookpath. */
class PreviewWorkerTest {

    @TempDir static Path folder;
    private static PreviewWorker worker;

    @BeforeAll
    static void aModelAndASlide() throws Exception {
        String python = System.getProperty("hookpath.python", "");
        assumeTrue(!python.isBlank(), "no -Ppython=FILE with hookpath in it");
        Path script = folder.resolve("make.py");
        try (var in = PreviewWorkerTest.class.getResourceAsStream("make.py")) {
            Files.copy(in, script);
        }
        Process made = new ProcessBuilder(python, script.toString(), folder.toString())
                .inheritIO().start();
        assertEquals(0, made.waitFor());
        worker = PreviewWorker.start(new PythonInterpreter(Path.of(python)), line -> { });
    }

    @AfterAll
    static void end() throws InterruptedException {
        if (worker != null) {
            worker.close();
            assertFalse(worker.isAlive());
        }
    }

    private static OpenedModel open(String slide) throws PreviewException, InterruptedException {
        return worker.open(folder.resolve("modèle"),
                new SlideSource(folder.resolve(slide).toString(), null, true), "cpu");
    }

    @Test
    void whatIsOpenedTellsItsClassesAndScale() throws Exception {
        OpenedModel opened = open("a.tif");
        assertEquals(List.of("Tumör", "Stroma"),
                opened.classes().stream().map(part -> part.name()).toList());
        assertArrayEquals(new int[] {200, 0, 0}, opened.classes().get(0).rgb());
        assertEquals(2.0, opened.downsample());
        assertEquals(400.0 * 300.0, opened.modelPixels());
    }

    @Test
    void probabilitiesOfAllClassesAddUpToOne() throws Exception {
        byte[][] planes = worker.classify(open("a.tif"), new ViewRegion(64, 32, 100, 80, 2));
        assertEquals(2, planes.length);
        for (int i = 0; i < planes[0].length; i++) {
            assertEquals(255, (planes[0][i] & 255) + (planes[1][i] & 255), 1);
        }
    }

    @Test
    void aViewIsTheCropOfALargerOne() throws Exception {
        OpenedModel opened = open("a.tif");
        byte[][] large = worker.classify(opened, new ViewRegion(0, 0, 200, 100, 2));
        byte[][] part = worker.classify(opened, new ViewRegion(100, 40, 30, 20, 2));
        for (int y = 0; y < 20; y++) {
            for (int x = 0; x < 30; x++) {
                assertEquals(large[0][(y + 20) * 200 + x + 50] & 255, part[0][y * 30 + x] & 255, 1);
            }
        }
    }

    @Test
    void manyViewsAtOnceComeBackWhereTheyBelong() throws Exception {
        OpenedModel opened = open("a.tif");
        byte[][] whole = worker.classify(opened, new ViewRegion(0, 0, 256, 64, 2));
        List<CompletableFuture<byte[][]>> parts = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            ViewRegion view = new ViewRegion(64 * i, 0, 32, 64, 2);
            parts.add(CompletableFuture.supplyAsync(() -> asked(opened, view)));
        }
        for (int i = 0; i < 8; i++) {
            byte[][] found = parts.get(i).get(60, TimeUnit.SECONDS);
            assertEquals(whole[1][32 * i + 5] & 255, found[1][5] & 255, 1);
        }
    }

    private static byte[][] asked(OpenedModel opened, ViewRegion view) {
        try {
            return worker.classify(opened, view);
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aProblemIsOneLineAndTheWorkerGoesOn() throws Exception {
        PreviewException problem = assertThrows(PreviewException.class, () -> open("gone.tif"));
        assertTrue(problem.getMessage().contains("no such file"), problem.getMessage());
        assertEquals(1, problem.getMessage().lines().count());
        assertTrue(open("a.tif").number() > 0);
    }

    @Test
    void whatWasOpenBeforeIsCancelled() throws Exception {
        OpenedModel before = open("a.tif");
        OpenedModel after = open("b.tif");
        assertThrows(CancellationException.class,
                () -> worker.classify(before, new ViewRegion(0, 0, 8, 8, 1)));
        assertEquals(64, worker.classify(after, new ViewRegion(0, 0, 8, 8, 1))[0].length);
    }

    @Test
    void whatIsOutOfSightIsCancelled() throws Exception {
        OpenedModel opened = open("b.tif");
        var far = CompletableFuture.supplyAsync(() -> {
            try {
                worker.classify(opened, new ViewRegion(0, 0, 800, 600, 1));
                return "done";
            } catch (CancellationException e) {
                return "cancelled";
            } catch (IOException | InterruptedException e) {
                return e.toString();
            }
        });
        while (!far.isDone()) {
            worker.cancelOutside(new Rectangle2D.Double(5000, 5000, 10, 10));
            Thread.sleep(5);
        }
        assertEquals("cancelled", far.get());
    }

    @Test
    void aWorkerThatWasKilledSaysSo() throws Exception {
        PreviewWorker other = PreviewWorker.start(
                new PythonInterpreter(Path.of(System.getProperty("hookpath.python"))), line -> { });
        OpenedModel opened = other.open(folder.resolve("modèle"),
                new SlideSource(folder.resolve("a.tif").toString(), null, true), "cpu");
        other.kill();
        assertThrows(PreviewException.class,
                () -> other.classify(opened, new ViewRegion(0, 0, 8, 8, 1)));
        assertFalse(other.isAlive());
        other.close();
    }
}
