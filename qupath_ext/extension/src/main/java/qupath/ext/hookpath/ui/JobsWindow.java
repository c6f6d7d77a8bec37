package qupath.ext.hookpath.ui;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.FormatStyle;
import javafx.animation.Animation;
import javafx.animation.KeyFrame;
import javafx.animation.Timeline;
import javafx.beans.property.SimpleObjectProperty;
import javafx.fxml.FXML;
import javafx.scene.control.Button;
import javafx.scene.control.ProgressBar;
import javafx.scene.control.TableCell;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableView;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.VBox;
import javafx.stage.WindowEvent;
import javafx.util.Duration;
import qupath.ext.hookpath.SessionJobs;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.jobs.JobListEntry;
import qupath.ext.hookpath.core.jobs.MessageWording;
import qupath.ext.hookpath.core.jobs.DurationText;
import qupath.fx.dialogs.Dialogs;
import qupath.lib.gui.QuPathGUI;

/** <em>Jobs…</em>: what is running and what has ended, however it was started. */
public final class JobsWindow extends VBox {

    private static final String TITLE = "jobs.title";

    private final QuPathGUI qupath;
    private final Timeline clock;

    @FXML private TableView<JobListEntry> table;
    @FXML private TableColumn<JobListEntry, String> what;
    @FXML private TableColumn<JobListEntry, String> project;
    @FXML private TableColumn<JobListEntry, String> began;
    @FXML private TableColumn<JobListEntry, JobListEntry> progress;
    @FXML private TableColumn<JobListEntry, String> time;
    @FXML private Button cancel;
    @FXML private Button log;

    private JobsWindow(QuPathGUI qupath) {
        this.qupath = qupath;
        WindowFactory.load(this, "jobs-window.fxml");
        TableCells.show(what, JobsWindow::name);
        TableCells.show(project, JobListEntry::project);
        TableCells.show(began, job -> DateTimeFormatter.ofLocalizedTime(FormatStyle.SHORT)
                .withZone(ZoneId.systemDefault()).format(job.started()));
        TableCells.show(time, JobsWindow::time);
        progress.setCellValueFactory(cell -> new SimpleObjectProperty<>(cell.getValue()));
        progress.setCellFactory(column -> new Bar());
        table.setItems(SessionJobs.all());
        table.getSelectionModel().selectedItemProperty().addListener((o, was, is) -> look());
        clock = new Timeline(new KeyFrame(Duration.seconds(0.5), event -> look()));
        clock.setCycleCount(Animation.INDEFINITE);
        table.getSelectionModel().selectFirst();
        look();
    }

    /** Shows the window, or brings it to the front. */
    public static void show(QuPathGUI qupath) {
        var stage = WindowFactory.show(qupath, TITLE, () -> new JobsWindow(qupath));
        JobsWindow window = (JobsWindow) stage.getScene().getRoot();
        window.clock.play();
        stage.addEventHandler(WindowEvent.WINDOW_HIDDEN, event -> window.clock.stop());
    }

    /** Asks when QuPath is closed while something runs. */
    public static void guardQuit(QuPathGUI qupath) {
        qupath.getStage().addEventFilter(WindowEvent.WINDOW_CLOSE_REQUEST, event -> {
            long running = SessionJobs.running();
            if (running > 0 && !WindowFactory.sure(null, TITLE, UiTexts.get("jobs.quit", running),
                    UiTexts.get("jobs.quit.do"))) {
                event.consume();
                show(qupath);
            }
        });
    }

    private void look() {
        table.refresh();
        JobListEntry chosen = table.getSelectionModel().getSelectedItem();
        cancel.setDisable(chosen == null || chosen.state() != JobListEntry.State.RUNNING);
        log.setDisable(chosen == null || chosen.log() == null);
    }

    @FXML
    private void cancel() {
        JobListEntry chosen = table.getSelectionModel().getSelectedItem();
        if (chosen != null
                && WindowFactory.sure(this, TITLE, UiTexts.get("jobs.cancel.sure", name(chosen)),
                UiTexts.get("jobs.cancel"))) {
            chosen.stop();
            Dialogs.showInfoNotification(UiTexts.get(TITLE), UiTexts.get("jobs.cancelling"));
        }
    }

    @FXML
    private void log() {
        LogWindow.show(qupath, table.getSelectionModel().getSelectedItem().log());
    }

    @FXML
    private void close() {
        WindowFactory.close(this);
    }

    private static String name(JobListEntry job) {
        String key = "jobs.name." + job.name();
        return UiTexts.BUNDLE.containsKey(key) ? UiTexts.get(key) : job.name();
    }

    private static String time(JobListEntry job) {
        if (job.state() != JobListEntry.State.RUNNING) {
            return UiTexts.get("jobs.took",
                    DurationText.about(job.lasted(Instant.now()).toSeconds()));
        }
        return job.left().isEmpty() ? "" : UiTexts.get("job.left", job.left());
    }

    /** How far it is, and what it does; how it ended. */
    private static final class Bar extends TableCell<JobListEntry, JobListEntry> {

        private final ProgressBar bar = new ProgressBar();

        Bar() {
            bar.setPrefWidth(110);
        }

        @Override
        protected void updateItem(JobListEntry job, boolean empty) {
            super.updateItem(job, empty);
            if (empty || job == null) {
                setGraphic(null);
                setText(null);
                setTooltip(null);
                return;
            }
            boolean running = job.state() == JobListEntry.State.RUNNING;
            bar.setProgress(job.fraction());
            setGraphic(running ? bar : null);
            String says = MessageWording.inWindow(job.says());
            setText(running ? says : UiTexts.get("jobs.state." + job.state(), says));
            setTooltip(says.isEmpty() ? null : new Tooltip(says));
        }
    }
}
