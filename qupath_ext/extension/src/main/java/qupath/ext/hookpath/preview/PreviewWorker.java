package qupath.ext.hookpath.preview;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import java.awt.geom.Rectangle2D;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apposed.appose.Service;
import org.apposed.appose.Service.Task;
import org.apposed.appose.Service.TaskStatus;
import org.apposed.appose.SharedMemory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.QuPathHome;
import qupath.ext.hookpath.core.environment.PythonInterpreter;

/**
 * The long-lived Python process behind the preview. One model on one slide is open at a time;
 * several threads may ask, none of them the JavaFX one: every call waits for its answer.
 */
public final class PreviewWorker implements AutoCloseable {

    private static final Logger logger = LoggerFactory.getLogger(PreviewWorker.class);
    private static final String SCRIPT =
            "import hookpath.qupath.preview_worker as worker\nworker.%s(task, **asked)";
    private static final String TEXT_SCRIPT = "import json\n"
            + "import hookpath.qupath.preview_worker as worker\n"
            + "worker.%s(task, **json.loads(text))";
    private static final long LOOK_MS = 250;
    private static final long END_MS = 3000;
    private static final Gson GSON = new Gson();

    /** One more look at every place in other colours instead of two: half the time for a stroke. */
    private static final List<String> LIVE_SETTINGS = List.of("probe.copies=1");

    private final Service service;
    private final SharedMemoryBlocks blocks = new SharedMemoryBlocks();
    private final Map<Task, ViewRegion> running = new ConcurrentHashMap<>();
    private volatile boolean closed;

    private PreviewWorker(Service service) {
        this.service = service;
    }

    /**
     * Starts the process.
     *
     * @param python one that has hookpath
     * @param log hears what the process writes to its log; on a thread of the worker
     * @throws IOException it cannot be started
     */
    public static PreviewWorker start(PythonInterpreter python, Consumer<String> log)
            throws IOException {
        Path executable = python.executable();
        Service service = new Service(Path.of(System.getProperty("java.io.tmpdir")).toFile(),
                executable.toString(), "-X", "utf8", "-m", "hookpath.qupath");
        service.debug(line -> {
            if (line.startsWith("[WORKER")) {
                log.accept(line.substring(line.indexOf(']') + 1).strip());
            }
        });
        service.start();
        logger.debug("Started {} -m hookpath.qupath", executable);
        return new PreviewWorker(service);
    }

    /**
     * Opens a model on a slide, unless it is open.
     *
     * @param model folder of the model, or of its run; null: what was {@link #learn learned}
     * @param slide the slide
     * @param device {@code auto}, {@code cpu}, {@code cuda}…
     * @throws PreviewException one of them cannot be used, or the process is gone
     * @throws InterruptedException nobody waits any more
     */
    public OpenedModel open(Path model, SlideSource slide, String device)
            throws PreviewException, InterruptedException {
        Map<String, Object> asked = new HashMap<>(howToOpen(slide));
        if (slide.plane() != null) {
            asked.put("plane", List.of(slide.plane().z(), slide.plane().t()));
        }
        asked.put("model", model == null ? null : model.toString());
        asked.put("device", device);
        return OpenedModel.of(answer(asking("open", asked), null), slide.plane());
    }

    /** What the worker's {@code slide_of} takes, but for the plane. */
    private static Map<String, Object> howToOpen(SlideSource slide) {
        Map<String, Object> found = new HashMap<>();
        found.put("slide", slide.path());
        found.put("crop_to_bounds", slide.cropToBounds());
        if (slide.mpp() != null) {
            found.put("mpp", List.of(slide.mpp()[0], slide.mpp()[1]));
        }
        if (slide.server() != null) {
            found.put("server", slide.server().toString());
        }
        if (QuPathHome.find() != null) {
            found.put("qupath", QuPathHome.find().toString());
        }
        return found;
    }

    /**
     * Class probabilities of a view.
     *
     * @param opened what {@link #open} gave
     * @param view where
     * @return one plane per class, 0…255, row by row
     * @throws CancellationException it was cancelled, or something else was opened since
     * @throws PreviewException it failed, or the process is gone
     * @throws InterruptedException nobody waits any more
     */
    public byte[][] classify(OpenedModel opened, ViewRegion view)
            throws PreviewException, InterruptedException {
        int channels = opened.classes().size();
        SharedMemory block = blocks.take(channels * view.area());
        try {
            Map<String, Object> asked = new HashMap<>();
            asked.put("opened", opened.number());
            asked.put("shm", block.name());
            asked.put("x_l0", view.x());
            asked.put("y_l0", view.y());
            asked.put("width", view.width());
            asked.put("height", view.height());
            asked.put("downsample", view.downsample());
            Map<String, Object> found = answer(asking("classify", asked), view);
            if (found.containsKey("cancelled")) {
                throw new CancellationException();
            }
            byte[][] planes = new byte[channels][view.area()];
            var buffer = block.buf(0, (long) channels * view.area());
            for (byte[] plane : planes) {
                buffer.get(plane);
            }
            return planes;
        } finally {
            blocks.giveBack(block);
        }
    }

    /**
     * Loads what {@link #learn} needs, before there is anything to learn.
     *
     * @throws PreviewException it cannot be loaded, or the process is gone
     * @throws InterruptedException nobody waits any more
     */
    void warm() throws PreviewException, InterruptedException {
        answer(asking("warm", Map.of("settings", LIVE_SETTINGS)), null);
    }

    /**
     * Learns from what was drawn since it was asked last.
     *
     * @param image names the image
     * @param slide where it is, whatever its plane
     * @param added annotations of all planes as GeoJSON features; those with a known id take its
     *     place
     * @param removed ids of annotations that are gone
     * @throws PreviewException it cannot be learned (what was drawn is remembered), or the process
     *     is gone
     * @throws InterruptedException nobody waits any more
     */
    void learn(String image, SlideSource slide, List<JsonObject> added, List<String> removed)
            throws PreviewException, InterruptedException {
        JsonObject asked = new JsonObject();
        asked.add("slides", GSON.toJsonTree(Map.of(image, howToOpen(slide))));
        asked.add("added", GSON.toJsonTree(Map.of(image, added)));
        asked.add("removed", GSON.toJsonTree(Map.of(image, removed)));
        asked.add("settings", GSON.toJsonTree(LIVE_SETTINGS));
        running.keySet().forEach(Task::cancel);     // they show what is about to change
        answer(task(TEXT_SCRIPT.formatted("learn"), Map.of("text", GSON.toJson(asked))), null);
    }

    /**
     * Keeps what was learned last as a model.
     *
     * @param folder a new one
     * @throws PreviewException it cannot be written, or nothing was learned
     * @throws InterruptedException nobody waits any more
     */
    void save(Path folder) throws PreviewException, InterruptedException {
        answer(asking("save", Map.of("folder", folder.toString())), null);
    }

    /** Cancels what is asked for outside the rectangle (level-0 px). */
    public void cancelOutside(Rectangle2D visible) {
        running.forEach((task, view) -> {
            if (!view.meets(visible)) {
                task.cancel();
            }
        });
    }

    /** Whether the process is there. */
    public boolean isAlive() {
        return !closed && service.isAlive();
    }

    /** Kills the process. */
    void kill() throws InterruptedException {
        service.kill();
        service.waitFor();
    }

    /** Ends the process: it may finish what it does for a moment, then it is killed. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        running.keySet().forEach(Task::cancel);
        service.close();
        Thread reaper = new Thread(this::reap, "hookpath-preview-end");
        reaper.setDaemon(true);
        reaper.start();
    }

    private void reap() {
        try {
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(END_MS);
            while (service.isAlive() && System.nanoTime() < end) {
                Thread.sleep(LOOK_MS);
            }
            service.kill();
            service.waitFor();
        } catch (InterruptedException e) {
            service.kill();
        }
        blocks.close();
    }

    private Task asking(String function, Map<String, Object> asked) throws PreviewException {
        return task(SCRIPT.formatted(function), Map.of("asked", asked));
    }

    private Task task(String script, Map<String, Object> inputs) throws PreviewException {
        if (!isAlive()) {
            throw gone(null);
        }
        try {
            return service.task(script, inputs);
        } catch (IOException e) {
            throw gone(e);
        }
    }

    /** Starts the task and waits; what a person can do something about becomes an exception. */
    private Map<String, Object> answer(Task task, ViewRegion view)
            throws PreviewException, InterruptedException {
        if (view != null) {
            running.put(task, view);
        }
        try {
            task.start();
            waitFor(task);
        } finally {
            running.remove(task);
        }
        if (task.status == TaskStatus.FAILED) {
            logger.warn("The preview's worker failed: {}", task.error);
            throw new PreviewException(lastLine(task.error));
        }
        if (task.status != TaskStatus.COMPLETE) {
            throw gone(null);
        }
        Object problem = task.outputs.get("problem");
        if (problem != null) {
            throw new PreviewException(problem.toString());
        }
        return task.outputs;
    }

    private void waitFor(Task task) throws PreviewException, InterruptedException {
        try {
            synchronized (task) {
                while (!task.status.isFinished()) {
                    task.wait(LOOK_MS);
                    if (!service.isAlive() && !task.status.isFinished()) {
                        throw gone(null);
                    }
                }
            }
        } catch (InterruptedException e) {
            task.cancel();
            // The worker still writes to the block: wait until it has seen that nobody waits.
            waitUntilGone(task);
            throw e;
        }
    }

    private void waitUntilGone(Task task) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(END_MS);
        boolean interrupted = false;
        synchronized (task) {
            while (!task.status.isFinished() && service.isAlive() && System.nanoTime() < end) {
                try {
                    task.wait(LOOK_MS);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private PreviewException gone(Throwable cause) {
        List<String> lines = service.errorLines();
        String last = lines.isEmpty() ? "" : lastLine(String.join("\n", List.copyOf(lines)));
        return new PreviewException(UiTexts.get("preview.gone", last).strip(), cause);
    }

    private static String lastLine(String text) {
        List<String> lines = text == null ? List.of()
                : text.lines().filter(line -> !line.isBlank()).toList();
        return lines.isEmpty() ? "" : lines.get(lines.size() - 1).strip();
    }
}
