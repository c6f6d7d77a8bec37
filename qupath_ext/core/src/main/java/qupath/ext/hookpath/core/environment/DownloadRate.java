package qupath.ext.hookpath.core.environment;

import java.util.ArrayDeque;
import java.util.Deque;

/** Bytes a second over the last seconds. */
final class DownloadRate {

    private static final double WINDOW_S = 5;

    private record Seen(long nanos, long bytes) {
    }

    private final Deque<Seen> seen = new ArrayDeque<>();

    /** The rate when so many bytes are here. */
    double at(long nanos, long bytes) {
        seen.addLast(new Seen(nanos, bytes));
        while (seen.size() > 2 && (nanos - seen.getFirst().nanos()) / 1e9 > WINDOW_S) {
            seen.removeFirst();
        }
        double seconds = (nanos - seen.getFirst().nanos()) / 1e9;
        return seconds <= 0 ? 0 : Math.max(0, (bytes - seen.getFirst().bytes()) / seconds);
    }
}
