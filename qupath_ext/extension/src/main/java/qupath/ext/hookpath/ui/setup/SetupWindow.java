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
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.ErrorMessages;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.Preferences;
import qupath.ext.hookpath.PythonChoice;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.environment.PackageSources;
import qupath.ext.hookpath.core.environment.PythonInterpreter;
import qupath.ext.hookpath.core.environment.PythonProblem;
import qupath.ext.hookpath.core.environment.SetupProgress;
import qupath.ext.hookpath.core.environment.TorchBuild;
import qupath.ext.hookpath.ui.WindowFactory;
import qupath.fx.dialogs.FileChoosers;
import qupath.lib.gui.QuPathGUI;

/** <em>Set up Python…</em>: which Python is used and whether it is fine; builds one. */
public final class SetupWindow extends VBox {

    private static final String TITLE = "setup.title";

    private final BackgroundBuild building = BackgroundBuild.get();
    private final BooleanProperty looking = new SimpleBooleanProperty(this, "looking");
    private final ChangeListener<SetupProgress> onProgress = (o, was, is) -> progress(is);
    private final ChangeListener<BackgroundBuild.State> onState = (o, was, is) -> state(is);
    private final ChangeListener<String> onLog = (o, was, is) -> log(was, is);

    @FXML private TextField python;
    @FXML private Label state;
    @FXML private DoctorTable doctor;
    @FXML private TextField basePython;
    @FXML private TextField wheels;
    @FXML private CheckBox offline;
    @FXML private ComboBox<TorchBuild> torch;
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
        WindowFactory.load(this, "setup-window.fxml");
        torch.getItems().setAll(TorchBuild.values());
        torch.setConverter(new TorchNames());
        torch.setValue(TorchBuild.suggested());
        folder.setText(UiTexts.get("setup.folder"));
        PackageSources sources = Preferences.sources();
        index.setText(sources.index());
        mirror.setText(sources.python());
        proxy.setText(sources.proxy());
        network.setExpanded(!sources.equals(PackageSources.USUAL));
        network.heightProperty().addListener((o, was, is) -> WindowFactory.growWith(this));
        BooleanBinding running = building.stateProperty().isEqualTo(BackgroundBuild.State.RUNNING);
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
        Stage stage = WindowFactory.show(qupath, TITLE, SetupWindow::new);
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
        if (building.stateProperty().get() != BackgroundBuild.State.NONE) {
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
            step.setText(SetupProgressText.of(now));
            bar.setProgress(now.part());
        } else {
            step.setText("");
            bar.setProgress(ProgressBar.INDETERMINATE_PROGRESS);
        }
    }

    private void state(BackgroundBuild.State now) {
        outcome();
        if (now == BackgroundBuild.State.DONE) {
            check();
        }
    }

    private void outcome() {
        BackgroundBuild.State now = building.stateProperty().get();
        Boolean good = now == BackgroundBuild.State.RUNNING ? null
                : now == BackgroundBuild.State.DONE;
        said(outcome, building.outcomeProperty().get(), good);
        if (now != BackgroundBuild.State.RUNNING) {
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
        look(UiTexts.get("setup.looking"), () -> PythonChoice.find(null));
    }

    /** Uses the Python whose path is in the field. */
    @FXML
    private void use() {
        String path = python.getText();
        if (path.isBlank()) {
            check();
            return;
        }
        look(UiTexts.get("setup.looking"), () -> {
            PythonInterpreter chosen = new PythonInterpreter(SetupOptions.path(path));
            PythonSetup.choose(chosen);
            return chosen;
        });
    }

    /** Finds a Python; on a background thread. */
    private interface Finder {
        PythonInterpreter find() throws PythonProblem;
    }

    private void look(String what, Finder finder) {
        looking.set(true);
        state(what, null);
        doctor.show(List.of());
        BackgroundThreads.background().execute(() -> {
            try {
                PythonInterpreter found = finder.find();
                String version = found.version();
                Platform.runLater(() -> {
                    python.setText(found.executable().toString());
                    state(UiTexts.get("setup.fine", version), true);
                });
                List<DoctorReport.Check> checks = DoctorReport.ask(found);
                Platform.runLater(() -> diagnosed(version, checks));
            } catch (PythonProblem e) {
                boolean none = e.kind() == PythonProblem.Kind.MISSING && python.getText().isBlank();
                String why = none ? UiTexts.get("setup.none") : ErrorMessages.oneLine(e);
                Platform.runLater(() -> state(why, false));
            } catch (HookpathException | InvalidPathException e) {
                Platform.runLater(() -> state(ErrorMessages.oneLine(e), false));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                Platform.runLater(() -> looking.set(false));
            }
        });
    }

    private void diagnosed(String version, List<DoctorReport.Check> checks) {
        doctor.show(checks);
        List<String> broken = checks.stream().filter(c -> c.state().equals("broken"))
                .map(DoctorReport.Check::name).toList();
        if (!broken.isEmpty()) {
            state(UiTexts.get("setup.broken", version, String.join(", ", broken)), false);
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
        File file = FileChoosers.promptForFile(getScene().getWindow(), UiTexts.get(titleKey));
        if (file != null) {
            field.setText(file.getPath());
        }
    }

    @FXML
    private void browseWheels() {
        File found = FileChoosers.promptForDirectory(
                getScene().getWindow(), UiTexts.get("setup.chooseWheels"), null);
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
                    new PackageSources(index.getText(), mirror.getText(), proxy.getText()));
        } catch (InvalidPathException e) {
            said(outcome, ErrorMessages.oneLine(e), false);
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
    private static final class TorchNames extends StringConverter<TorchBuild> {

        @Override
        public String toString(TorchBuild value) {
            return value == null ? "" : UiTexts.get("setup.torch." + value.name());
        }

        @Override
        public TorchBuild fromString(String text) {
            return null;
        }
    }
}
