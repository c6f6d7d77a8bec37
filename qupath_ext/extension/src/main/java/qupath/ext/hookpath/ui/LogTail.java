package qupath.ext.hookpath.ui;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import javafx.animation.Animation;
import javafx.animation.KeyFrame;
import javafx.animation.Timeline;
import javafx.util.Duration;

/** Follows a log file as it grows. For the JavaFX thread. */
public final class LogTail {

    private static final int MOST_BYTES = 1 << 16; // a read, so that the window never waits

    private final Consumer<String> onText;
    private final Timeline clock;
    private Path file;
    private long position;

    /**
     * Follows nothing yet.
     *
     * @param onText hears what was added
     */
    public LogTail(Consumer<String> onText) {
        this.onText = onText;
        this.clock = new Timeline(new KeyFrame(Duration.millis(500), event -> read()));
        this.clock.setCycleCount(Animation.INDEFINITE);
    }

    /**
     * Follows a file from its beginning, of a long one from near its end.
     *
     * @param file need not exist yet
     */
    public void follow(Path file) {
        this.file = file;
        this.position = 0;
        read();
        clock.playFromStart();
    }

    /** Reads what is left and stops. */
    public void stop() {
        clock.stop();
        read();
    }

    private void read() {
        if (file == null || !Files.isRegularFile(file)) {
            return;
        }
        try (var in = new RandomAccessFile(file.toFile(), "r")) {
            position = Math.max(position, in.length() - MOST_BYTES);
            byte[] added = new byte[(int) (in.length() - position)];
            in.seek(position);
            in.readFully(added);
            position += added.length;
            if (added.length > 0) {
                onText.accept(new String(added, StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            clock.stop();
        }
    }
}
