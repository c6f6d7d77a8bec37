package qupath.ext.hookpath.ui.setup;

import java.util.function.Consumer;
import javafx.application.Platform;

/** Passes lines of any thread on to the JavaFX thread, many at once: pip writes thousands. */
final class LineBuffer {

    private final Consumer<String> onText;
    private final StringBuilder waiting = new StringBuilder();

    LineBuffer(Consumer<String> onText) {
        this.onText = onText;
    }

    void add(String line) {
        boolean first;
        synchronized (waiting) {
            first = waiting.isEmpty();
            waiting.append(line).append('\n');
        }
        if (first) {
            flush();
        }
    }

    void flush() {
        Platform.runLater(() -> {
            String text;
            synchronized (waiting) {
                text = waiting.toString();
                waiting.setLength(0);
            }
            if (!text.isEmpty()) {
                onText.accept(text);
            }
        });
    }
}
