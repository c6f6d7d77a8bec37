package qupath.ext.hookpath.ui.setup;

import java.io.File;
import java.nio.file.InvalidPathException;
import java.util.List;
import java.util.concurrent.CancellationException;
import javafx.application.Platform;
import javafx.beans.property.BooleanProperty;
import javafx.beans.property.SimpleBooleanProperty;
import javafx.fxml.FXML;
import javafx.scene.control.Button;
import javafx.scene.control.CheckBox;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.ProgressBar;
import javafx.scene.control.TextArea;
import javafx.scene.control.TextField;
import javafx.scene.layout.VBox;
import javafx.util.StringConverter;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.Problems;
import qupath.ext.hookpath.Pythons;
import qupath.ext.hookpath.Texts;
import qupath.ext.hookpath.Threads;
import qupath.ext.hookpath.core.Python;
import qupath.ext.hookpath.core.PythonProblem;
import qupath.ext.hookpath.core.Torch;
import qupath.ext.hookpath.ui.Windows;
import qupath.fx.dialogs.FileChoosers;
import qupath.lib.gui.QuPathGUI;

/** <em>Set up Python…</em>: which Python is used and whether it is fine; builds one. */
public final class SetupWindow extends VBox {

    private static final String TITLE = "setup.title";
    private static final int MOST_CHARACTERS = 200_000;

    private final BooleanProperty building = new SimpleBooleanProperty(this, "building");
    private final BooleanProperty looking = new SimpleBooleanProperty(this, "looking");
    private volatile boolean cancelled;

    @FXML private TextField python;
    @FXML private Label state;
    @FXML private DoctorTable doctor;
    @FXML private TextField basePython;
    @FXML private TextField wheels;
    @FXML private CheckBox offline;
    @FXML private ComboBox<Torch> torch;
    @FXML private Label folder;
    @FXML private Label outcome;
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
        folder.setText(Texts.get("setup.folder", SetupOptions.usualFolder()));
        build.disableProperty().bind(building);
        cancel.disableProperty().bind(building.not());
        use.disableProperty().bind(building.or(looking));
        check.disableProperty().bind(building.or(looking));
        doctor.getPlaceholder().visibleProperty().bind(looking);
        bar.visibleProperty().bind(building);
        torch.disableProperty().bind(offline.selectedProperty());   // the wheels decide
        wheels.textProperty().addListener((o, was, is) -> {
            if (is.isBlank()) {
                offline.setSelected(false);
            } else if (was.isBlank()) {
                offline.setSelected(true);
            }
        });
        check();
    }

    /** Shows the window. */
    public static void show(QuPathGUI qupath) {
        Windows.show(qupath, TITLE, SetupWindow::new);
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
                    offline.isSelected(), torch.getValue());
        } catch (InvalidPathException e) {
            outcome(Problems.oneLine(e), false);
            return;
        }
        cancelled = false;
        building.set(true);
        log.clear();
        outcome(Texts.get("setup.building"), null);
        LineBuffer lines = new LineBuffer(this::append);
        Threads.background().execute(() -> build(options, lines));
    }

    private void build(SetupOptions options, LineBuffer lines) {
        try {
            Python built = Setup.build(options, lines::add, () -> cancelled);
            Platform.runLater(() -> {
                outcome(Texts.get("setup.built", built.executable()), true);
                check();
            });
        } catch (CancellationException e) {
            Platform.runLater(() -> outcome(Texts.get("setup.cancelled"), false));
        } catch (RuntimeException e) {
            Platform.runLater(() -> outcome(Problems.oneLine(e), false));
        } finally {
            lines.flush();
            Platform.runLater(() -> building.set(false));
        }
    }

    @FXML
    private void cancel() {
        cancelled = true;
        outcome(Texts.get("job.cancelling"), null);
    }

    private void append(String text) {
        log.appendText(text);
        int over = log.getLength() - MOST_CHARACTERS;
        if (over > 0) {
            log.deleteText(0, over);
        }
    }

    private void state(String text, Boolean good) {
        said(state, text, good);
    }

    private void outcome(String text, Boolean good) {
        said(outcome, text, good);
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
