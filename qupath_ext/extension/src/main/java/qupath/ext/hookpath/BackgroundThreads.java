package qupath.ext.hookpath;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import javafx.application.Platform;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import qupath.fx.dialogs.Dialogs;
import qupath.lib.gui.QuPathGUI;

/**
 * Which thread does what: waiting and computing never on the JavaFX thread. Whatever goes wrong in
 * the background, an {@link Error} too, is heard of: by {@link #work}'s last argument, else by the
 * person.
 */
public final class BackgroundThreads {

    private static final Logger logger = LoggerFactory.getLogger(BackgroundThreads.class);

    private static final Executor BACKGROUND = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "hookpath");
        thread.setDaemon(true);
        return thread;
    });

    private BackgroundThreads() {}

    /** Where to run what takes longer than a moment; what it throws is shown to the person. */
    public static Executor background() {
        return task -> BACKGROUND.execute(() -> guard(task));
    }

    /**
     * Does something in the background, and the rest on the JavaFX thread.
     *
     * @param task what to do
     * @param done gets what it gave
     * @param failed gets what it threw, whatever that is
     */
    public static <T> void work(Callable<? extends T> task, Consumer<? super T> done,
            Consumer<Throwable> failed) {
        work(BACKGROUND, task, done, failed);
    }

    /** As {@link #work(Callable, Consumer, Consumer)}, on threads of the caller's. */
    public static <T> void work(Executor threads, Callable<? extends T> task,
            Consumer<? super T> done, Consumer<Throwable> failed) {
        threads.execute(() -> {
            try {
                T found = task.call();
                Platform.runLater(() -> done.accept(found));
            } catch (Throwable e) {
                if (e instanceof InterruptedException) {
                    Thread.currentThread().interrupt();
                }
                if (e instanceof Error) {
                    logger.error("In the background", e);
                }
                Platform.runLater(() -> failed.accept(e));
            }
        });
    }

    /** Runs something; what it throws goes to the log and is shown to the person. */
    static void guard(Runnable task) {
        try {
            task.run();
        } catch (Throwable e) {
            logger.error("In the background", e);
            if (QuPathGUI.getInstance() != null) {
                Platform.runLater(() -> Dialogs.showErrorNotification(
                        UiTexts.get("error.title"), ErrorMessages.oneLine(e)));
            }
        }
    }

    /**
     * Does something on the JavaFX thread, later.
     *
     * @param task what to do
     */
    public static void later(Runnable task) {
        Platform.runLater(task);
    }

    /**
     * Calls something and waits for it.
     *
     * @param onFx whether it must run on the JavaFX thread
     * @param task what to do
     * @return its result
     */
    public static <T> T call(boolean onFx, Callable<T> task) {
        if (!onFx || Platform.isFxApplicationThread()) {
            return unchecked(task);
        }
        var result = new CompletableFuture<T>();
        Platform.runLater(() -> {
            try {
                result.complete(task.call());
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        });
        try {
            return result.join();
        } catch (CompletionException e) {
            throw asUnchecked(e.getCause());
        }
    }

    private static <T> T unchecked(Callable<T> task) {
        try {
            return task.call();
        } catch (Exception e) {
            throw asUnchecked(e);
        }
    }

    private static RuntimeException asUnchecked(Throwable e) {
        if (e instanceof RuntimeException known) {
            return known;
        }
        if (e instanceof Error error) {
            throw error;
        }
        return new HookpathException(e.getLocalizedMessage(), e);
    }
}
