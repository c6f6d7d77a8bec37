package qupath.ext.hookpath.preview;

import java.awt.image.BufferedImage;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import javafx.application.Platform;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.ErrorMessages;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.ImageStacks;
import qupath.ext.hookpath.JobLauncher;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.check.EvaluateJob;
import qupath.ext.hookpath.core.Plane;
import qupath.ext.hookpath.core.maps.MapSearch;
import qupath.ext.hookpath.ui.DockablePanel;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.gui.viewer.QuPathViewer;
import qupath.lib.images.ImageData;
import qupath.lib.projects.Project;

/**
 * "Show probability map…": a map that a prediction left on disk, over the image it is of. One at
 * a time. For the JavaFX thread.
 */
public final class ProbabilityMapCommand {

    private static final String TITLE = "map.title";

    private static final DockablePanel<MapWindow> DOCK =
            new DockablePanel<>(TITLE, ProbabilityMapCommand::takeAway);

    private static MapOverlay current;

    private ProbabilityMapCommand() {}

    /** For the menu: shows the panel and the newest map of the image, if there is one. */
    public static void open(QuPathGUI qupath) {
        showNewest(qupath, panel(qupath));
    }

    private static void showNewest(QuPathGUI qupath, MapWindow shown) {
        QuPathViewer viewer = qupath.getViewer();
        if (viewer == null || viewer.getImageData() == null) {
            shown.offer(List.of());
            shown.status(UiTexts.get("error.noImage"));
            return;
        }
        ImageData<BufferedImage> image = viewer.getImageData();
        Project<BufferedImage> project = qupath.getProject();
        Plane plane = ImageStacks.shown(viewer);
        BackgroundThreads.work(() -> mapsOf(image, plane, project), maps -> {
            shown.offer(maps);
            if (!maps.isEmpty()) {
                show(qupath, maps.getFirst().file(), shown);
            }
        }, problem -> shown.status(ErrorMessages.oneLine(problem)));
    }

    /**
     * Shows a map over the image in the active viewer, in the place of what is shown there.
     *
     * @param qupath QuPath
     * @param file {@code probabilities.tif} or {@code classes.tif}
     * @return done when it is shown; fails with a {@link HookpathException}
     */
    public static CompletableFuture<Void> show(QuPathGUI qupath, Path file) {
        return show(qupath, file, panel(qupath));
    }

    private static CompletableFuture<Void> show(QuPathGUI qupath, Path file, MapWindow shown) {
        var done = new CompletableFuture<Void>();
        QuPathViewer viewer = qupath.getViewer();
        if (viewer == null || viewer.getImageData() == null) {
            return failed(done, shown, UiTexts.get("error.noImage"));
        }
        ImageData<BufferedImage> image = viewer.getImageData();
        double smooth = shown.smoothUm();
        BackgroundThreads.work(() -> MapOverlay.of(image, file, smooth,
                ProbabilityMapCommand::gone),
                overlay -> {
            put(overlay, viewer, shown);
            done.complete(null);
        }, e -> failed(done, shown, ErrorMessages.oneLine(e)));
        return done;
    }

    /** Takes the map away and closes its panel. */
    public static void hide() {
        takeAway();
        DOCK.close();
    }

    private static void put(MapOverlay overlay, QuPathViewer viewer, MapWindow shown) {
        PreviewCommand.stop();
        takeAway();
        if (overlay.show(viewer)) {
            current = overlay;
            shown.showing(overlay);
        }
    }

    private static void takeAway() {
        if (current != null) {
            current.hide();
            current = null;
        }
    }

    /** Another image is shown: its own map takes over if the panel is open, wherever that is. */
    private static void gone() {
        current = null;
        Platform.runLater(() -> {
            if (DOCK.isOpen()) {
                showNewest(QuPathGUI.getInstance(), DOCK.content());
            }
        });
    }

    private static <T> CompletableFuture<T> failed(
            CompletableFuture<T> done, MapWindow shown, String problem) {
        shown.status(problem);
        done.completeExceptionally(new HookpathException(problem));
        return done;
    }

    private static MapWindow panel(QuPathGUI qupath) {
        return DOCK.show(qupath, () -> new MapWindow(qupath, DOCK));
    }

    private static List<MapSearch.Found> mapsOf(ImageData<BufferedImage> image, Plane plane,
            Project<BufferedImage> project) {
        Collection<URI> uris = image.getServer().getURIs();
        String slide = uris.isEmpty() || !"file".equals(uris.iterator().next().getScheme()) ? null
                : Path.of(uris.iterator().next()).toString();
        List<Path> places = new ArrayList<>();
        places.add(JobLauncher.base(project).resolve("hookpath"));
        places.add(JobLauncher.base(null).resolve("hookpath").resolve("predictions"));
        var entry = project == null ? null : project.getEntry(image);
        String name = entry == null ? image.getServerMetadata().getName() : entry.getImageName();
        // Those of a check are of what is annotated only.
        return MapSearch.mapsOf(name, slide, plane, places.toArray(Path[]::new)).stream()
                .filter(map -> !map.file().startsWith(
                        places.getFirst().resolve(EvaluateJob.FOLDER))).toList();
    }
}
