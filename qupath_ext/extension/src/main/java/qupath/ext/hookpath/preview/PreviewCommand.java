package qupath.ext.hookpath.preview;

import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyBooleanWrapper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.ErrorMessages;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.Preferences;
import qupath.ext.hookpath.PythonChoice;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.environment.PythonInterpreter;
import qupath.ext.hookpath.core.environment.PythonProblem;
import qupath.ext.hookpath.core.models.ModelLibrary;
import qupath.ext.hookpath.predict.ModelList;
import qupath.ext.hookpath.ui.DockablePanel;
import qupath.fx.dialogs.Dialogs;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.gui.viewer.QuPathViewer;

/**
 * Turns the preview on and off: for the menu, the window and scripts. There is one at a time. For
 * the JavaFX thread.
 */
public final class PreviewCommand {

    private static final Logger logger = LoggerFactory.getLogger(PreviewCommand.class);
    private static final String TITLE = "preview.title";
    private static final ReadOnlyBooleanWrapper OPEN =
            new ReadOnlyBooleanWrapper(PreviewCommand.class, "open");

    private static final DockablePanel<PreviewWindow> DOCK =
            new DockablePanel<>(TITLE, PreviewCommand::closed);

    private static PreviewSession current;
    private static PreviewWindow window;

    private PreviewCommand() {}

    /** Whether its panel is open; for the menu's check mark. */
    public static ReadOnlyBooleanProperty openProperty() {
        return OPEN.getReadOnlyProperty();
    }

    /** Whether a preview runs. */
    static boolean isRunning() {
        return current != null;
    }

    /**
     * For the menu: on shows the panel, which starts with the model that was used last; off ends
     * the preview and closes the panel.
     */
    public static void toggle(QuPathGUI qupath, boolean on) {
        if (!on) {
            stop();
        } else {
            showWindow(qupath).startWithLastModel();
        }
    }

    /**
     * Starts a preview in the active viewer, in the place of one that runs.
     *
     * @param qupath QuPath
     * @param model folder of the model
     * @param device what to compute on
     * @param python path of a Python; null: the usual one
     * @return what it opened; fails with a {@link HookpathException}
     */
    public static CompletableFuture<OpenedModel> start(
            QuPathGUI qupath, Path model, String device, String python) {
        PreviewWindow shown = showWindow(qupath);
        shown.select(model);
        return begin(qupath, model, device, python);
    }

    /**
     * Starts to learn what is annotated on the image in the active viewer, in the place of a
     * preview that runs.
     *
     * @param qupath QuPath
     * @param device what to compute on
     * @param python path of a Python; null: the usual one
     * @return done (with null) when it watches; fails with a {@link HookpathException}
     */
    public static CompletableFuture<OpenedModel> live(QuPathGUI qupath, String device,
            String python) {
        showWindow(qupath);
        return begin(qupath, null, device, python);
    }

    /** For the menu and its key: turns Live on for the image in the active viewer, or off. */
    public static void toggleLive(QuPathGUI qupath) {
        if (current != null && current.isLive()) {
            stop();
        } else {
            live(qupath, Preferences.device().get(), null);
        }
    }

    /**
     * Keeps what is learned live as a model of the project (or, without one, of QuPath's user
     * directory), in the background.
     *
     * @param qupath QuPath
     * @param name a free one
     * @return its folder; fails with an exception whose message is for a person
     */
    public static CompletableFuture<Path> save(QuPathGUI qupath, String name) {
        var saved = new CompletableFuture<Path>();
        PreviewSession from = current;
        ModelLibrary shelf = ModelList.shelf(qupath.getProject());
        String wrong = from == null || !from.isLive() ? UiTexts.get("preview.live.nothing")
                : whyNotName(shelf, name);
        if (wrong != null) {
            saved.completeExceptionally(new HookpathException(wrong));
            return saved;
        }
        Path folder = shelf.models().resolve(name);
        BackgroundThreads.work(() -> {
            from.save(folder);
            return folder;
        }, found -> {
            ModelList.changed();
            Preferences.lastModel().set(found.toString());
            saved.complete(found);
        }, saved::completeExceptionally);
        return saved;
    }

    private static String whyNotName(ModelLibrary shelf, String name) {
        String why = shelf.whyNotName(name);
        return why == null ? null : UiTexts.get("models.rename." + why, name);
    }

    private static CompletableFuture<OpenedModel> begin(
            QuPathGUI qupath, Path model, String device, String python) {
        if (current != null) {
            current.end(null);
        }
        PreviewWindow shown = window;
        var begun = new CompletableFuture<OpenedModel>();
        QuPathViewer viewer = qupath.getViewer();
        if (viewer == null || !viewer.hasServer()) {
            String problem = UiTexts.get("error.noImage");
            shown.status(problem);
            begun.completeExceptionally(new HookpathException(problem));
            return begun;
        }
        ProbabilityMapCommand.hide();
        var settings = new PreviewSession.Settings(() -> python(python), model, device);
        current = new PreviewSession(qupath, viewer, settings, new Hearer(shown, begun));
        shown.started(model == null);
        current.start();
        return begun;
    }

    /** Ends the preview if one runs; its panel stays. */
    static void end() {
        if (current != null) {
            current.end(null);
        }
    }

    /** Ends the preview if one runs, and closes its panel. */
    public static void stop() {
        end();
        DOCK.close();
    }

    private static void closed() {
        end();
        OPEN.set(false);
    }

    private static PreviewWindow showWindow(QuPathGUI qupath) {
        window = DOCK.show(qupath, () -> new PreviewWindow(qupath, DOCK));
        OPEN.set(true);
        return window;
    }

    private static PythonInterpreter python(String asked) {
        try {
            return PythonChoice.find(asked);
        } catch (PythonProblem e) {
            throw ErrorMessages.of(e);
        }
    }

    /** Passes on how it goes; says once why it ended. */
    private record Hearer(PreviewWindow shown, CompletableFuture<OpenedModel> begun)
            implements PreviewSession.Hearer {

        @Override
        public void waiting() {
            begun.complete(null);
        }

        @Override
        public void opened(OpenedModel opened, ClassRenderer renderer) {
            logger.info("Preview on {}, opened in {} s", opened.device(), opened.seconds());
            shown.opened(opened, renderer);
            begun.complete(opened);
        }

        @Override
        public void status(String line) {
            shown.status(line);
        }

        @Override
        public void ended(String problem) {
            current = null;
            shown.ended(problem);
            if (problem == null) {
                begun.cancel(false);
            } else if (!begun.completeExceptionally(new HookpathException(problem))) {
                // It ran before: a person looks at the image, not at the window.
                Dialogs.showWarningNotification(UiTexts.get(TITLE),
                        UiTexts.get("preview.switchedOff", problem));
            }
        }
    }
}
