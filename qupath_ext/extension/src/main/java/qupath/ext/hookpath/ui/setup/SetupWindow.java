package qupath.ext.hookpath.ui.setup;

import java.io.File;
import java.nio.file.InvalidPathException;
import java.util.List;
import javafx.application.Platform;
import javafx.beans.binding.BooleanBinding;
import javafx.beans.property.BooleanProperty;
import javafx.beans.property.SimpleBooleanProperty;
import javafx.beans.value.ChangeListener;
import javafx.fxml.FXML;
import javafx.scene.control.Button;
import javafx.scene.control.CheckBox;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.ProgressBar;
import javafx.scene.control.TextArea;
import javafx.scene.control.TextField;
import javafx.scene.control.TitledPane;
import javafx.scene.layout.VBox;
import javafx.stage.Stage;
import javafx.stage.WindowEvent;
import javafx.util.StringConverter;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.Preferences;
import qupath.ext.hookpath.Problems;
import qupath.ext.hookpath.Pythons;
import qupath.ext.hookpath.Texts;
import qupath.ext.hookpath.Threads;
import qupath.ext.hookpath.core.Python;
import qupath.ext.hookpath.core.PythonProblem;
import qupath.ext.hookpath.core.SetupProgress;
import qupath.ext.hookpath.core.Sources;
import qupath.ext.hookpath.core.Torch;
import qupath.ext.hookpath.ui.Windows;
import qupath.fx.dialogs.FileChoosers;
import qupath.lib.gui.QuPathGUI;

/** <em>Set up Python…</em>: which Python is used and whether it is fine; builds one. */
public final class SetupWindow extends VBox {

    private static final String TITLE = "setup.title";

    private final SetupBuild building = SetupBuild.get();
    private final BooleanProperty looking = new SimpleBooleanProperty(this, "looking");
    private final ChangeListener<SetupProgress> onProgress = (o, was, is) -> progress(is);
    private final ChangeListener<SetupBuild.State> onState = (o, was, is) -> state(is);
    private final ChangeListener<String> onLog = (o, was, is) -> log(was, is);

    @FXML private TextField python;
    @FXML private Label state;
    @FXML private DoctorTable doctor;
    @FXML private TextField basePython;
    @FXML private TextField wheels;
    @FXML private CheckBox offline;
    @FXML private ComboBox<Torch> torch;
    @FXML private TextField index;
    @FXML private TextField mirror;
    @FXML private TextField proxy;
    @FXML private TitledPane network;
    @FXML private Label folder;
    @FXML private Label outcome;
    @FXML private Label step;
    @FXML private ProgressBar bar;
    @FXML private Button build;
    @FXML private Button cancel;
    @FXML private Button use;
    @FXML private Button check;
    @FXML private TextArea log;

    private SetupWindow() {
        Windows.load(this, "setup.fxml");
        torch.getItems().setAll(Torch.values());
        torch.setConverter(new TorchNames());
        torch.setValue(Torch.suggested());
        folder.setText(Texts.get("setup.folder"));
        Sources sources = Preferences.sources();
        index.setText(sources.index());
        mirror.setText(sources.python());
        proxy.setText(sources.proxy());
        network.setExpanded(!sources.equals(Sources.USUAL));
        network.heightProperty().addListener((o, was, is) -> Windows.growWith(this));
        BooleanBinding running = building.stateProperty().isEqualTo(SetupBuild.State.RUNNING);
        build.disableProperty().bind(running);
        cancel.disableProperty().bind(running.not());
        use.disableProperty().bind(running.or(looking));
        check.disableProperty().bind(running.or(looking));
        bar.visibleProperty().bind(running);
        doctor.getPlaceholder().visibleProperty().bind(looking);
        torch.disableProperty().bind(offline.selectedProperty());   // the wheels decide
        wheels.textProperty().addListener((o, was, is) -> {
            if (is.isBlank()) {
                offline.setSelected(false);
            } else if (was.isBlank()) {
                offline.setSelected(true);
            }
        });
        follow();
        if (!building.isRunning()) {
            check();
        }
    }

    /** Shows the window. */
    public static void show(QuPathGUI qupath) {
        Stage stage = Windows.show(qupath, TITLE, SetupWindow::new);
        SetupWindow window = (SetupWindow) stage.getScene().getRoot();
        stage.addEventHandler(WindowEvent.WINDOW_HIDDEN, event -> window.leave());
    }

    /** Shows the build that is under way, or how the last one ended. */
    private void follow() {
        building.progressProperty().addListener(onProgress);
        building.stateProperty().addListener(onState);
        building.logProperty().addListener(onLog);
        log.setText(building.logProperty().get());
        progress(building.progressProperty().get());
        if (building.stateProperty().get() != SetupBuild.State.NONE) {
            outcome();
        }
    }

    private void leave() {
        building.progressProperty().removeListener(onProgress);
        building.stateProperty().removeListener(onState);
        building.logProperty().removeListener(onLog);
    }

    private void progress(SetupProgress now) {
        if (now != null) {
            step.setText(SetupText.of(now));
            bar.setProgress(now.part());
        } else {
            step.setText("");
            bar.setProgress(ProgressBar.INDETERMINATE_PROGRESS);
        }
    }

    private void state(SetupBuild.State now) {
        outcome();
        if (now == SetupBuild.State.DONE) {
            check();
        }
    }

    private void outcome() {
        SetupBuild.State now = building.stateProperty().get();
        Boolean good = now == SetupBuild.State.RUNNING ? null : now == SetupBuild.State.DONE;
        said(outcome, building.outcomeProperty().get(), good);
        if (now != SetupBuild.State.RUNNING) {
            step.setText("");
        }
    }

    private void log(String was, String is) {
        if (is.startsWith(was)) {
            log.appendText(is.substring(was.length()));
        } else {
            log.setText(is);
            log.end();
        }
    }

    /** Looks which Python is used and how it is. */
    @FXML
    private void check() {
        look(Texts.get("setup.looking"), () -> Pythons.find(null));
    }

    /** Uses the Python whose path is in the field. */
    @FXML
    private void use() {
        String path = python.getText();
        if (path.isBlank()) {
            check();
            return;
        }
        look(Texts.get("setup.looking"), () -> {
            Python chosen = new Python(SetupOptions.path(path));
            Setup.choose(chosen);
            return chosen;
        });
    }

    /** Finds a Python; on a background thread. */
    private interface Finder {
        Python find() throws PythonProblem;
    }

    private void look(String what, Finder finder) {
        looking.set(true);
        state(what, null);
        doctor.show(List.of());
        Threads.background().execute(() -> {
            try {
                Python found = finder.find();
                String version = found.version();
                Platform.runLater(() -> {
                    python.setText(found.executable().toString());
                    state(Texts.get("setup.fine", version), true);
                });
                List<Doctor.Check> checks = Doctor.ask(found);
                Platform.runLater(() -> diagnosed(version, checks));
            } catch (PythonProblem e) {
                boolean none = e.kind() == PythonProblem.Kind.MISSING && python.getText().isBlank();
                String why = none ? Texts.get("setup.none") : Problems.oneLine(e);
                Platform.runLater(() -> state(why, false));
            } catch (HookpathException | InvalidPathException e) {
                Platform.runLater(() -> state(Problems.oneLine(e), false));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                Platform.runLater(() -> looking.set(false));
            }
        });
    }

    private void diagnosed(String version, List<Doctor.Check> checks) {
        doctor.show(checks);
        List<String> broken = checks.stream().filter(c -> c.state().equals("broken"))
                .map(Doctor.Check::name).toList();
        if (!broken.isEmpty()) {
            state(Texts.get("setup.broken", version, String.join(", ", broken)), false);
        }
    }

    @FXML
    private void browsePython() {
        browseFile(python, "setup.choosePython");
    }

    @FXML
    private void browseBase() {
        browseFile(basePython, "setup.chooseBase");
    }

    private void browseFile(TextField field, String titleKey) {
        File file = FileChoosers.promptForFile(getScene().getWindow(), Texts.get(titleKey));
        if (file != null) {
            field.setText(file.getPath());
        }
    }

    @FXML
    private void browseWheels() {
        File found = FileChoosers.promptForDirectory(
                getScene().getWindow(), Texts.get("setup.chooseWheels"), null);
        if (found != null) {
            wheels.setText(found.getPath());
        }
    }

    @FXML
    private void build() {
        SetupOptions options;
        try {
            options = new SetupOptions(SetupOptions.usualFolder(),
                    SetupOptions.path(basePython.getText()), SetupOptions.path(wheels.getText()),
                    offline.isSelected(), torch.getValue(),
                    new Sources(index.getText(), mirror.getText(), proxy.getText()));
        } catch (InvalidPathException e) {
            said(outcome, Problems.oneLine(e), false);
            return;
        }
        Preferences.setSources(options.sources());
        building.start(options);
        outcome();
    }

    @FXML
    private void cancel() {
        building.cancel();
        outcome();
    }

    private void state(String text, Boolean good) {
        said(state, text, good);
    }

    /** Colour says it, and a sign for those who do not see the colour. */
    private static void said(Label label, String text, Boolean good) {
        label.setText(good == null ? text : (good ? "✓  " : "✗  ") + text);
        label.getStyleClass().removeAll("hookpath-good", "hookpath-bad");
        if (good != null) {
            label.getStyleClass().add(good ? "hookpath-good" : "hookpath-bad");
        }
    }

    /** What the builds of torch are called. */
    private static final class TorchNames extends StringConverter<Torch> {

        @Override
        public String toString(Torch value) {
            return value == null ? "" : Texts.get("setup.torch." + value.name());
        }

        @Override
        public Torch fromString(String text) {
            return null;
        }
    }
}
