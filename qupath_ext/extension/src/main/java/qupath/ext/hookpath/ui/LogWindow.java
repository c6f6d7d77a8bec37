package qupath.ext.hookpath.ui;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import javafx.application.Platform;
import javafx.fxml.FXML;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.TextArea;
import javafx.scene.layout.VBox;
import javafx.stage.Stage;
import javafx.util.StringConverter;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.JobLauncher;
import qupath.ext.hookpath.UiTexts;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.gui.tools.GuiTools;
import qupath.lib.projects.Project;

/** <em>Open log</em>: what the jobs wrote, the latest first; a running one is followed. */
public final class LogWindow extends VBox {

    private static final String TITLE = "log.title";
    private static final String LOG = "log.txt";
    private static final int MOST_JOBS = 200;
    private static final int MOST_CHARACTERS = 1 << 20;

    private final QuPathGUI qupath;
    private Path wanted;
    private final LogTail tail = new LogTail(this::append);

    @FXML private ComboBox<Path> jobs;
    @FXML private TextArea text;
    @FXML private Label status;

    private LogWindow(QuPathGUI qupath) {
        this.qupath = qupath;
        WindowFactory.load(this, "log-window.fxml");
        jobs.setConverter(new Names());
        jobs.setPlaceholder(new Label(UiTexts.get("log.none")));
        jobs.valueProperty().addListener((observable, before, after) -> follow(after));
        sceneProperty().addListener((observable, before, after) -> {
            if (after == null) {
                tail.stop();
            }
        });
        list();
    }

    /** Shows the window with the log of one job. */
    static void show(QuPathGUI qupath, Path log) {
        show(qupath);
        Stage stage = WindowFactory.show(qupath, TITLE, () -> null);
        ((LogWindow) stage.getScene().getRoot()).choose(log);
    }

    private void choose(Path log) {
        wanted = log;
        list();
    }

    /** Shows the window. */
    public static void show(QuPathGUI qupath) {
        LogWindow[] made = new LogWindow[1];
        WindowFactory.show(qupath, TITLE, () -> made[0] = new LogWindow(qupath))
                .addEventHandler(javafx.stage.WindowEvent.WINDOW_HIDDEN, event -> {
                    if (made[0] != null) {
                        made[0].tail.stop();
                    }
                });
    }

    @FXML
    private void list() {
        Project<BufferedImage> project = qupath.getProject();
        BackgroundThreads.background().execute(() -> {
            List<Path> found = logs(JobLauncher.base(project), JobLauncher.base(null));
            Platform.runLater(() -> listed(found));
        });
    }

    private void listed(List<Path> found) {
        jobs.getItems().setAll(found);
        status.setText(found.isEmpty() ? UiTexts.get("log.none") : "");
        if (!found.isEmpty()) {
            jobs.setValue(found.contains(wanted) ? wanted : found.get(0));
        }
    }

    @FXML
    private void openFolder() {
        Path chosen = jobs.getValue();
        if (chosen != null) {
            GuiTools.openFile(chosen.getParent().toFile());
        }
    }

    private void follow(Path log) {
        text.clear();
        if (log != null) {
            tail.stop();
            text.clear();
            tail.follow(log);
            status.setText("");
        }
    }

    private void append(String added) {
        text.appendText(added);
        int over = text.getLength() - MOST_CHARACTERS;
        if (over > 0) {
            text.deleteText(0, over);
        }
    }

    /** Logs of the jobs below the folders, the latest first. */
    static List<Path> logs(Path... bases) {
        List<Path> found = new ArrayList<>();
        for (Path base : bases) {
            Path jobs = base.resolve("hookpath").resolve("jobs");
            if (Files.isDirectory(jobs)) {
                found.addAll(logsIn(jobs));
            }
        }
        found.sort(Comparator.comparing(
                (Path log) -> log.getParent().getFileName().toString()).reversed());
        return found.stream().distinct().limit(MOST_JOBS).toList();
    }

    private static List<Path> logsIn(Path jobs) {
        try (Stream<Path> folders = Files.list(jobs)) {
            return folders.map(folder -> folder.resolve(LOG)).filter(Files::isRegularFile).toList();
        } catch (IOException | UncheckedIOException e) {
            return List.of();
        }
    }

    /** A job is called after its folder: when it began, and what it did. */
    private static final class Names extends StringConverter<Path> {

        @Override
        public String toString(Path log) {
            return log == null ? "" : log.getParent().getFileName().toString();
        }

        @Override
        public Path fromString(String text) {
            return null;
        }
    }
}
