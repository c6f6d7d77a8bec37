package qupath.ext.hookpath.preview;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import javafx.animation.PauseTransition;
import javafx.application.Platform;
import javafx.util.Duration;

/**
 * Computes tiles before they are shown: says once that all are there, or that it has waited long
 * enough for what there is. For the JavaFX thread.
 */
final class TilePrefetch {

    /** From then on half of the tiles are enough: the others come in one by one. */
    static final Duration PATIENCE = Duration.millis(1200);

    /** From then on what was shown before is too old. */
    static final Duration LIMIT = Duration.seconds(10);

    private final ThreadPoolExecutor threads;
    private final PauseTransition patience = new PauseTransition(PATIENCE);
    private final PauseTransition limit = new PauseTransition(LIMIT);
    private final AtomicInteger left;
    private final int all;
    private Duration waited = Duration.ZERO;
    private Consumer<Boolean> whenReady;

    /**
     * Begins.
     *
     * @param whenReady hears whether all are there
     */
    TilePrefetch(List<? extends Callable<?>> tiles, int count, Consumer<Boolean> whenReady) {
        this.whenReady = whenReady;
        threads = (ThreadPoolExecutor) Executors.newFixedThreadPool(count, task -> {
            Thread thread = new Thread(task, "hookpath-live");
            thread.setDaemon(true);
            return thread;
        });
        all = tiles.size();
        left = new AtomicInteger(all);
        for (Callable<?> tile : tiles) {
            threads.execute(() -> {
                try {
                    tile.call();
                } catch (Exception e) {
                    // The server said so already; the overlay asks again.
                } finally {
                    left.decrementAndGet();
                    Platform.runLater(this::look);
                }
            });
        }
        threads.shutdown();
        patience.setOnFinished(event -> waited(PATIENCE));
        patience.play();
        limit.setOnFinished(event -> waited(LIMIT));
        limit.play();
        Platform.runLater(this::look);
    }

    /** Whether what there is should be shown, with {@code left} of {@code all} tiles missing. */
    static boolean isDue(int all, int left, Duration waited) {
        return left == 0 || waited.greaterThanOrEqualTo(LIMIT)
                || waited.greaterThanOrEqualTo(PATIENCE) && 2 * left <= all;
    }

    /** Nothing is said any more; tiles that were not begun are not. */
    void cancel() {
        whenReady = null;
        patience.stop();
        limit.stop();
        threads.shutdownNow();
    }

    private void waited(Duration time) {
        waited = time;
        look();
    }

    private void look() {
        int missing = left.get();
        if (whenReady != null && isDue(all, missing, waited)) {
            Consumer<Boolean> told = whenReady;
            whenReady = null;
            patience.stop();
            limit.stop();
            threads.getQueue().clear();     // what has begun goes on: the overlay waits for it
            told.accept(missing == 0);
        }
    }
}
