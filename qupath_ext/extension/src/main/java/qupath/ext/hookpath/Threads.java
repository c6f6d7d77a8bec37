package qupath.ext.hookpath;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import javafx.application.Platform;

/** Which thread does what: waiting and computing never on the JavaFX thread. */
public final class Threads {

    private static final Executor BACKGROUND = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "hookpath");
        thread.setDaemon(true);
        return thread;
    });

    private Threads() {}

    /** Where to run what takes longer than a moment. */
    public static Executor background() {
        return BACKGROUND;
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
