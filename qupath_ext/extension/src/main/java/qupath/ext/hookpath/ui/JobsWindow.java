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
import qupath.ext.hookpath.Jobs;
import qupath.ext.hookpath.Texts;
import qupath.ext.hookpath.core.JobTrack;
import qupath.ext.hookpath.core.TimeLeft;
import qupath.ext.hookpath.core.Wording;
import qupath.fx.dialogs.Dialogs;
import qupath.lib.gui.QuPathGUI;

/** <em>Jobs…</em>: what is running and what has ended, however it was started. */
public final class JobsWindow extends VBox {

    private static final String TITLE = "jobs.title";

    private final QuPathGUI qupath;
    private final Timeline clock;

    @FXML private TableView<JobTrack> table;
    @FXML private TableColumn<JobTrack, String> what;
    @FXML private TableColumn<JobTrack, String> project;
    @FXML private TableColumn<JobTrack, String> began;
    @FXML private TableColumn<JobTrack, JobTrack> progress;
    @FXML private TableColumn<JobTrack, String> time;
    @FXML private Button cancel;
    @FXML private Button log;

    private JobsWindow(QuPathGUI qupath) {
        this.qupath = qupath;
        Windows.load(this, "jobs-window.fxml");
        Cells.show(what, JobsWindow::name);
        Cells.show(project, JobTrack::project);
        Cells.show(began, job -> DateTimeFormatter.ofLocalizedTime(FormatStyle.SHORT)
                .withZone(ZoneId.systemDefault()).format(job.started()));
        Cells.show(time, JobsWindow::time);
        progress.setCellValueFactory(cell -> new SimpleObjectProperty<>(cell.getValue()));
        progress.setCellFactory(column -> new Bar());
        table.setItems(Jobs.all());
        table.getSelectionModel().selectedItemProperty().addListener((o, was, is) -> look());
        clock = new Timeline(new KeyFrame(Duration.seconds(0.5), event -> look()));
        clock.setCycleCount(Animation.INDEFINITE);
        table.getSelectionModel().selectFirst();
        look();
    }

    /** Shows the window, or brings it to the front. */
    public static void show(QuPathGUI qupath) {
        var stage = Windows.show(qupath, TITLE, () -> new JobsWindow(qupath));
        JobsWindow window = (JobsWindow) stage.getScene().getRoot();
        window.clock.play();
        stage.addEventHandler(WindowEvent.WINDOW_HIDDEN, event -> window.clock.stop());
    }

    /** Asks when QuPath is closed while something runs. */
    public static void guardQuit(QuPathGUI qupath) {
        qupath.getStage().addEventFilter(WindowEvent.WINDOW_CLOSE_REQUEST, event -> {
            long running = Jobs.running();
            if (running > 0 && !Windows.sure(null, TITLE, Texts.get("jobs.quit", running),
                    Texts.get("jobs.quit.do"))) {
                event.consume();
                show(qupath);
            }
        });
    }

    private void look() {
        table.refresh();
        JobTrack chosen = table.getSelectionModel().getSelectedItem();
        cancel.setDisable(chosen == null || chosen.state() != JobTrack.State.RUNNING);
        log.setDisable(chosen == null || chosen.log() == null);
    }

    @FXML
    private void cancel() {
        JobTrack chosen = table.getSelectionModel().getSelectedItem();
        if (chosen != null && Windows.sure(this, TITLE, Texts.get("jobs.cancel.sure", name(chosen)),
                Texts.get("jobs.cancel"))) {
            chosen.stop();
            Dialogs.showInfoNotification(Texts.get(TITLE), Texts.get("jobs.cancelling"));
        }
    }

    @FXML
    private void log() {
        LogWindow.show(qupath, table.getSelectionModel().getSelectedItem().log());
    }

    @FXML
    private void close() {
        Windows.close(this);
    }

    private static String name(JobTrack job) {
        String key = "jobs.name." + job.name();
        return Texts.BUNDLE.containsKey(key) ? Texts.get(key) : job.name();
    }

    private static String time(JobTrack job) {
        if (job.state() != JobTrack.State.RUNNING) {
            return Texts.get("jobs.took",
                    TimeLeft.text(job.lasted(Instant.now()).toSeconds()));
        }
        return job.left().isEmpty() ? "" : Texts.get("job.left", job.left());
    }

    /** How far it is, and what it does; how it ended. */
    private static final class Bar extends TableCell<JobTrack, JobTrack> {

        private final ProgressBar bar = new ProgressBar();

        Bar() {
            bar.setPrefWidth(110);
        }

        @Override
        protected void updateItem(JobTrack job, boolean empty) {
            super.updateItem(job, empty);
            if (empty || job == null) {
                setGraphic(null);
                setText(null);
                setTooltip(null);
                return;
            }
            boolean running = job.state() == JobTrack.State.RUNNING;
            bar.setProgress(job.fraction());
            setGraphic(running ? bar : null);
            String says = Wording.inWindow(job.says());
            setText(running ? says : Texts.get("jobs.state." + job.state(), says));
            setTooltip(says.isEmpty() ? null : new Tooltip(says));
        }
    }
}
