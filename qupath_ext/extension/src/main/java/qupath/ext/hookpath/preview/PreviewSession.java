package qupath.ext.hookpath.preview;

import com.google.gson.JsonObject;
import java.awt.Shape;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javafx.animation.PauseTransition;
import javafx.application.Platform;
import javafx.beans.value.ChangeListener;
import javafx.util.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.ErrorMessages;
import qupath.ext.hookpath.GeometryRepair;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.ImageStacks;
import qupath.ext.hookpath.OpenImage;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.Plane;
import qupath.ext.hookpath.core.environment.PythonInterpreter;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.gui.viewer.QuPathViewer;
import qupath.lib.gui.viewer.QuPathViewerListener;
import qupath.lib.gui.viewer.overlays.PixelClassificationOverlay;
import qupath.lib.images.ImageData;
import qupath.lib.objects.PathObject;
import qupath.lib.projects.Project;

/**
 * A running preview in one viewer: the worker, what it has open, and the overlay. It goes along
 * when another image is shown, and ends automatically when that cannot be classified, after
 * {@value #MOST_ERRORS} errors in a row, or with the project. To be used on the JavaFX thread.
 */
final class PreviewSession {

    private static final Logger logger = LoggerFactory.getLogger(PreviewSession.class);

    /** So many errors in a row end it. */
    static final int MOST_ERRORS = 3;

    /** One tile is read while another is computed; more would only wait. */
    private static final int THREADS = 2;

    /** Beyond this view downsample, in px of the model's output, no more tiles are asked for. */
    private static final double FARTHEST = 8;

    /** An image of so many px for the model is computed whole, from however far it is seen. */
    private static final double SMALL_IMAGE = 64 * (1 << 20);

    private final QuPathGUI qupath;
    private final QuPathViewer viewer;
    private final Settings settings;
    private final Hearer hearer;
    private final ExecutorService opening = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "hookpath-preview-open");
        thread.setDaemon(true);
        return thread;
    });
    private final PauseTransition settled = new PauseTransition(Duration.millis(150));
    private final ChangeListener<Number> onPlane = (o, was, is) -> settled.playFromStart();
    private final ViewerWatch watch = new ViewerWatch();
    private final ChangeListener<Project<BufferedImage>> onProject =
            (observable, before, after) -> end(null);

    private PreviewWorker worker;
    private OpenedModel opened;
    private PixelClassificationOverlay overlay;
    private ClassRenderer renderer;
    private OpenedModel rendered;    // whose classes it is of
    private LiveLearning learning;
    private TilePrefetch prefetch;
    private int errors;
    private boolean ended;

    /**
     * What is asked for.
     *
     * @param python that runs the worker; found by somebody who may wait
     * @param model folder of the model; null: what is annotated is learned live
     * @param device what to compute on
     */
    record Settings(PythonFinder python, Path model, String device) {

        boolean live() {
            return model == null;
        }
    }

    /** Finds the Python; starts processes, so never on the JavaFX thread. */
    @FunctionalInterface
    interface PythonFinder {

        PythonInterpreter find() throws HookpathException;
    }

    /** Hears on the JavaFX thread how it goes. */
    interface Hearer {

        /** Live: it waits for strokes now. */
        void waiting();

        /** It works on the image now. */
        void opened(OpenedModel opened, ClassRenderer renderer);

        /** One line of how it goes. */
        void status(String line);

        /** It is over; {@code problem} says why, null: it was asked to. */
        void ended(String problem);
    }

    PreviewSession(QuPathGUI qupath, QuPathViewer viewer, Settings settings, Hearer hearer) {
        this.qupath = qupath;
        this.viewer = viewer;
        this.settings = settings;
        this.hearer = hearer;
    }

    /** Begins with the image in the viewer. */
    void start() {
        viewer.addViewerListener(watch);
        settled.setOnFinished(event -> showPlane());
        viewer.zPositionProperty().addListener(onPlane);
        viewer.tPositionProperty().addListener(onPlane);
        qupath.projectProperty().addListener(onProject);
        open(viewer.getImageData());
    }

    /** The viewer it is in. */
    QuPathViewer viewer() {
        return viewer;
    }

    /** Whether it learns what is annotated. */
    boolean isLive() {
        return settings.live();
    }

    /** Ends it, and the worker with it; `problem` (a line for a person) is null if all is well. */
    void end(String problem) {
        if (ended) {
            return;
        }
        ended = true;
        viewer.removeViewerListener(watch);
        viewer.zPositionProperty().removeListener(onPlane);
        viewer.tPositionProperty().removeListener(onPlane);
        settled.stop();
        qupath.projectProperty().removeListener(onProject);
        if (learning != null) {
            learning.stop();
        }
        removeOverlay();
        opening.shutdownNow();
        PreviewWorker last = worker;
        worker = null;
        if (last != null) {
            last.close();
        }
        hearer.ended(problem);
    }

    private void open(ImageData<BufferedImage> image) {
        removeOverlay();
        opened = null;
        if (settings.live()) {
            learnFrom(image);
            return;
        }
        if (image == null) {
            hearer.status(UiTexts.get("preview.noImage"));
            return;
        }
        hearer.status(UiTexts.get("preview.opening"));
        Project<BufferedImage> project = qupath.getProject();
        Plane of = ImageStacks.planeOf(image, viewer);
        BackgroundThreads.work(opening, () -> {
            SlideSource slide = SlideSource.of(image, project, of);
            return workerInBackground().open(settings.model(), slide, settings.device());
        }, found -> show(image, found), e -> {
            logger.debug("Opening {}", image.getServerPath());
            failed(e);
        });
    }

    /** The viewer shows another plane of the image. */
    private void showPlane() {
        ImageData<BufferedImage> image = viewer.getImageData();
        Plane now = image == null ? null : ImageStacks.planeOf(image, viewer);
        if (ended || now == null) {
            return;
        }
        Project<BufferedImage> project = qupath.getProject();
        BackgroundThreads.work(opening, () -> workerInBackground().open(
                settings.model(), SlideSource.of(image, project, now), settings.device()),
                found -> show(image, found), problem -> {
                    if (opened != null || !settings.live()) {   // else nothing was learned yet
                        failed(problem);
                    }
                });
    }

    /** Live: from the image that it began with, and from no other. */
    private void learnFrom(ImageData<BufferedImage> image) {
        if (learning != null || image == null) {
            end(UiTexts.get("preview.live.otherImage"));
            return;
        }
        Project<BufferedImage> project = qupath.getProject();
        learning = new LiveLearning(image.getHierarchy(), opening,
                change -> teach(change, image, project), new Shown(image));
        BackgroundThreads.work(opening, () -> {
            workerInBackground().warm();
            return null;
        }, nothing -> { }, this::failed);
        learning.start();
        hearer.waiting();
    }

    private OpenedModel teach(AnnotationWatcher.Change change, ImageData<BufferedImage> image,
            Project<BufferedImage> project) throws IOException, InterruptedException {
        Plane plane = BackgroundThreads.call(true, () -> ImageStacks.planeOf(image, viewer));
        SlideSource slide = SlideSource.of(image, project, plane);
        List<JsonObject> added = new ArrayList<>();
        for (PathObject object : change.added()) {
            added.add(GeometryRepair.feature(object));
        }
        PreviewWorker here = workerInBackground();
        here.learn(OpenImage.of(image, project).id(), slide, added, change.removed());
        return here.open(null, slide, settings.device());
    }

    /**
     * Keeps what is learned as a model.
     *
     * @param folder a new one
     */
    void save(Path folder) throws IOException, InterruptedException {
        PreviewWorker here = worker;
        if (here == null || opened == null) {
            throw new PreviewException(UiTexts.get("preview.live.nothing"));
        }
        here.save(folder);
    }

    private void failed(Throwable problem) {
        if (!(problem instanceof InterruptedException) && !ended) {     // else it was asked to end
            logger.warn("The preview failed", problem);
            end(ErrorMessages.oneLine(problem));
        }
    }

    private PreviewWorker workerInBackground() throws IOException {
        synchronized (this) {
            // A new one would know nothing of what was drawn: Live ends with its worker.
            if (worker != null && (worker.isAlive() || settings.live())) {
                return worker;
            }
        }
        PreviewWorker started = PreviewWorker.start(settings.python().find(),
                line -> logger.info("preview: {}", line));
        synchronized (this) {
            worker = started;
        }
        Platform.runLater(() -> {
            if (ended) {
                started.close();
            }
        });
        return started;
    }

    private void show(ImageData<BufferedImage> image, OpenedModel found) {
        if (ended || viewer.getImageData() != image) {
            return;
        }
        if (!Objects.equals(found.plane(), ImageStacks.planeOf(image, viewer))) {
            settled.playFromStart();    // the viewer has gone on to another one
            return;
        }
        boolean sameClasses = renderer != null && found.hasClassesOf(rendered);
        opened = found;
        errors = 0;
        if (!sameClasses) {
            renderer = new ClassRenderer(found.classes());
            rendered = found;
            hearer.opened(found, renderer);
        } else {
            hearer.status(found.said());
        }
        put(serverOf(image, found), image);
    }

    private LiveTileServer serverOf(ImageData<BufferedImage> image, OpenedModel found) {
        return new LiveTileServer(image, new LiveClassifier(worker, found, image),
                settings.live() ? LiveTileServer.COARSEST_LIVE : LiveTileServer.COARSEST,
                        found.plane(),
                new TileWatch(found));
    }

    private void put(LiveTileServer server, ImageData<BufferedImage> image) {
        PixelClassificationOverlay before = overlay;
        overlay = PixelClassificationOverlay.create(viewer.getOverlayOptions(),
                data -> data == image ? server : null, renderer);
        overlay.setMaxThreads(THREADS);
        overlay.setLocationStringFunction(new CursorReadout(image, server));
        PixelLayer.put(viewer, overlay);
        if (before != null) {
            before.stop();
        }
        look(viewer.getDisplayedRegionShape());
        viewer.repaintEntireImage();
    }

    /** Asks for tiles only where it makes sense, and no longer for what is out of sight. */
    private void look(Shape visible) {
        if (overlay == null || opened == null) {
            return;
        }
        boolean near = settings.live()
                || viewer.getDownsampleFactor() <= FARTHEST * Math.max(1, opened.downsample())
                || opened.modelPixels() <= SMALL_IMAGE;
        overlay.setLivePrediction(near);
        if (!near) {
            hearer.status(UiTexts.get("preview.zoomIn"));
        }
        if (visible != null && worker != null) {
            worker.cancelOutside(visible.getBounds2D());
        }
    }

    private void removeOverlay() {
        if (prefetch != null) {
            prefetch.cancel();
            prefetch = null;
        }
        if (overlay != null) {
            PixelLayer.remove(viewer, overlay);
            overlay = null;
        }
    }

    /** Shows what was learned in place of what was known before, without an empty moment. */
    private final class Shown implements LiveLearning.Pupil {

        private final ImageData<BufferedImage> image;

        Shown(ImageData<BufferedImage> image) {
            this.image = image;
        }

        @Override
        public void status(String line) {
            hearer.status(line);
        }

        @Override
        public void learned(OpenedModel found, long sinceNanos) {
            if (ended || viewer.getImageData() != image) {
                return;
            }
            double learned = (System.nanoTime() - sinceNanos) / 1e9;
            if (overlay == null || opened == null || opened.number() != found.number()) {
                show(image, found);
                hearer.status(found.onPlane(UiTexts.get("preview.live.learned", learned)));
                return;
            }
            opened = found;
            LiveTileServer server = serverOf(image, found);
            if (prefetch != null) {
                prefetch.cancel();
            }
            prefetch =
                    new TilePrefetch(server.tilesOf(viewer.getDisplayedRegionShape().getBounds2D(),
                    viewer.getDownsampleFactor()), THREADS, all -> {
                prefetch = null;
                put(server, image);
                double shown = (System.nanoTime() - sinceNanos) / 1e9;
                logger.info("Live: learned in {} s, shown after {} s", learned, shown);
                hearer.status(found.onPlane(all ? UiTexts.get("preview.live.shown", shown)
                        : UiTexts.get("preview.live.learned", learned)));
            });
        }

        @Override
        public void nothing() {
            removeOverlay();
            opened = null;
        }

        @Override
        public void failed(Throwable problem) {
            if (problem instanceof InterruptedException) {
                return;
            }
            logger.warn("Live could not learn", problem);
            if (worker != null && !worker.isAlive()) {
                end(ErrorMessages.oneLine(problem));
            } else {
                hearer.status(UiTexts.get("preview.live.failed", ErrorMessages.oneLine(problem)));
            }
        }
    }

    /** Tiles as they come, on the overlay's threads. */
    private final class TileWatch implements LiveTileServer.Listener {

        private final OpenedModel of;

        TileWatch(OpenedModel of) {
            this.of = of;
        }

        @Override
        public void tileDone(double seconds) {
            logger.debug("preview tile in {} s", seconds);
            onFx(() -> {
                errors = 0;
                if (!settings.live()) {
                    hearer.status(of.onPlane(UiTexts.get("preview.tile", of.device(), seconds)));
                }
            });
        }

        @Override
        public void tileFailed(Throwable problem) {
            onFx(() -> {
                errors++;
                logger.warn("The preview failed ({} of {})", errors, MOST_ERRORS, problem);
                hearer.status(ErrorMessages.oneLine(problem));
                boolean dead = worker == null || !worker.isAlive();
                if (errors >= MOST_ERRORS || dead) {
                    end(ErrorMessages.oneLine(problem));
                }
            });
        }

        private void onFx(Runnable task) {
            Platform.runLater(() -> {
                if (!ended && of.equals(opened)) {
                    task.run();
                }
            });
        }
    }

    /** The viewer shows another image, another part of it, or is gone. */
    private final class ViewerWatch implements QuPathViewerListener {

        @Override
        public void imageDataChanged(QuPathViewer source, ImageData<BufferedImage> before,
                ImageData<BufferedImage> after) {
            open(after);
        }

        @Override
        public void visibleRegionChanged(QuPathViewer source, Shape shape) {
            look(shape);
        }

        @Override
        public void selectedObjectChanged(QuPathViewer source, PathObject selected) {
            // Nothing to do with what is shown.
        }

        @Override
        public void viewerClosed(QuPathViewer source) {
            end(null);
        }
    }
}
