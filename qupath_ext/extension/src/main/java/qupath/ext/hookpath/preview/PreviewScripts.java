package qupath.ext.hookpath.preview;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import javafx.application.Platform;
import qupath.ext.hookpath.ErrorMessages;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.Preferences;
import qupath.ext.hookpath.ScriptArguments;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.models.ModelFolder;
import qupath.ext.hookpath.predict.ModelList;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.scripting.QP;

/** What scripts can do with overlays; see {@link qupath.ext.hookpath.Hookpath}. */
public final class PreviewScripts {

    private PreviewScripts() {}

    /**
     * Starts the preview and waits until the model and the slide are open.
     *
     * @param arguments {@code model} (folder, or name of a model in the project), {@code device},
     *     {@code python}
     * @throws HookpathException there is no window or image, or one of them cannot be used
     */
    public static OpenedModel start(Map<String, ?> arguments) {
        QuPathGUI qupath = window();
        ScriptArguments options = ScriptArguments.of(arguments);
        Path model = model(options.text("model", Preferences.lastModel().get()));
        String device = options.text("device", Preferences.device().get());
        String python = options.text("python", null);
        return await(() -> PreviewCommand.start(qupath, model, device, python));
    }

    /**
     * Starts to learn what is annotated on the image in the window.
     *
     * @param arguments {@code device}, {@code python}
     * @throws HookpathException there is no window or image
     */
    public static void live(Map<String, ?> arguments) {
        QuPathGUI qupath = window();
        ScriptArguments options = ScriptArguments.of(arguments);
        String device = options.text("device", Preferences.device().get());
        String python = options.text("python", null);
        await(() -> PreviewCommand.live(qupath, device, python));
    }

    /**
     * Keeps what is learned live as a model.
     *
     * @param name a free one
     * @return its folder; null when called on the JavaFX thread, which must not wait
     * @throws HookpathException nothing was learned, or the name cannot be
     */
    public static Path saveLive(String name) {
        QuPathGUI qupath = window();
        return await(() -> PreviewCommand.save(qupath, name));
    }

    /** Ends the preview, if one runs. */
    public static void stop() {
        if (QuPathGUI.getInstance() != null) {
            Platform.runLater(PreviewCommand::stop);
        }
    }

    /**
     * Shows a map over the image in the window.
     *
     * @param file the map; null: takes away what is shown
     * @throws HookpathException there is no window or image, or it is no map
     */
    public static void showMap(String file) {
        QuPathGUI qupath = window();
        if (file == null) {
            Platform.runLater(ProbabilityMapCommand::hide);
        } else {
            await(() -> ProbabilityMapCommand.show(qupath, Path.of(file)));
        }
    }

    private static Path model(String asked) {
        if (asked == null || asked.isBlank()) {
            throw new HookpathException(UiTexts.get("error.noModel"));
        }
        Function<ModelFolder, Boolean> fits =
                model -> model.name().equals(asked) || model.path().equals(Path.of(asked));
        ModelFolder found = ModelList.all(QP.getProject()).stream().filter(fits::apply).findFirst()
                .orElseGet(() -> ModelFolder.read(Path.of(asked)));
        if (found.problem() != null) {
            throw new HookpathException(found.problem());
        }
        return found.path();
    }

    private static QuPathGUI window() {
        QuPathGUI qupath = QuPathGUI.getInstance();
        if (qupath == null) {
            throw new HookpathException(UiTexts.get("error.noWindow"));
        }
        return qupath;
    }

    /** Begins on the JavaFX thread; waits, unless that is the thread it was called on. */
    private static <T> T await(java.util.function.Supplier<CompletableFuture<T>> begin) {
        if (Platform.isFxApplicationThread()) {
            begin.get();
            return null;
        }
        var result = new CompletableFuture<T>();
        Platform.runLater(() -> begin.get().whenComplete((value, problem) -> {
            if (problem == null) {
                result.complete(value);
            } else {
                result.completeExceptionally(problem);
            }
        }));
        try {
            return result.get();
        } catch (ExecutionException e) {
            throw new HookpathException(ErrorMessages.oneLine(e), e);
        } catch (CancellationException e) {
            throw new HookpathException(UiTexts.get("preview.off"), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HookpathException(UiTexts.get("job.stopped"), e);
        }
    }
}
