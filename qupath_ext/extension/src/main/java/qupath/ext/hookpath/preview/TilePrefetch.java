package qupath.ext.hookpath.preview;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicInteger;
import javafx.animation.PauseTransition;
import javafx.application.Platform;
import javafx.util.Duration;

/**
 * Computes tiles before they are shown: says once that all are there, or that it has waited long
 * enough. For the JavaFX thread.
 */
final class TilePrefetch {

    private static final Duration PATIENCE = Duration.millis(1200);

    private final ThreadPoolExecutor threads;
    private final PauseTransition patience = new PauseTransition(PATIENCE);
    private Runnable whenReady;

    TilePrefetch(List<? extends Callable<?>> tiles, int count, Runnable whenReady) {
        this.whenReady = whenReady;
        threads = (ThreadPoolExecutor) Executors.newFixedThreadPool(count, task -> {
            Thread thread = new Thread(task, "hookpath-live");
            thread.setDaemon(true);
            return thread;
        });
        AtomicInteger left = new AtomicInteger(tiles.size());
        for (Callable<?> tile : tiles) {
            threads.execute(() -> {
                try {
                    tile.call();
                } catch (Exception e) {
                    // The server said so already; the overlay asks again.
                } finally {
                    if (left.decrementAndGet() == 0) {
                        Platform.runLater(this::ready);
                    }
                }
            });
        }
        threads.shutdown();
        patience.setOnFinished(event -> ready());
        patience.play();
        if (tiles.isEmpty()) {
            Platform.runLater(this::ready);
        }
    }

    /** Nothing is said any more; tiles that were not begun are not. */
    void cancel() {
        whenReady = null;
        patience.stop();
        threads.shutdownNow();
    }

    private void ready() {
        if (whenReady != null) {
            Runnable told = whenReady;
            whenReady = null;
            patience.stop();
            threads.getQueue().clear();     // what has begun goes on: the overlay waits for it
            told.run();
        }
    }
}
