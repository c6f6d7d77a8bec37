package qupath.ext.hookpath.preview;

import java.awt.image.BufferedImage;
import java.io.File;
import java.nio.file.Path;
import java.util.List;
import javafx.beans.value.ChangeListener;
import javafx.beans.value.WeakChangeListener;
import javafx.fxml.FXML;
import javafx.scene.control.Button;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.HBox;
import javafx.scene.layout.VBox;
import javafx.util.StringConverter;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.ErrorMessages;
import qupath.ext.hookpath.Preferences;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.models.ModelFolder;
import qupath.ext.hookpath.predict.ModelList;
import qupath.ext.hookpath.ui.DockablePanel;
import qupath.ext.hookpath.ui.WindowFactory;
import qupath.fx.dialogs.Dialogs;
import qupath.fx.dialogs.FileChoosers;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.projects.Project;

/** The small panel beside the preview: which model, which classes, how it goes. */
public final class PreviewWindow extends VBox {

    private final QuPathGUI qupath;
    private final DockablePanel<PreviewWindow> dock;
    private final ChangeListener<ModelFolder> onChoice = (observable, before, after) -> start();
    private final ChangeListener<Number> onChange = (o, was, is) -> listModels();
    private final ChangeListener<Project<BufferedImage>> onProject =
            (o, was, is) -> projectOpened();
    private boolean startWhenListed;

    @FXML private ComboBox<ModelFolder> models;
    @FXML private OverlaySettingsPane layers;
    @FXML private Label status;
    @FXML private ToggleButton live;
    @FXML private HBox modelBox;
    @FXML private Button save;
    @FXML private Button onOff;
    @FXML private Button move;

    PreviewWindow(QuPathGUI qupath, DockablePanel<PreviewWindow> dock) {
        this.qupath = qupath;
        this.dock = dock;
        WindowFactory.load(this, "preview-window.fxml");
        dock.movesBy(move);
        layers.bindOpacity(qupath.getOverlayOptions());
        models.setConverter(new Names());
        models.tooltipProperty().bind(models.valueProperty().map(
                model -> new Tooltip(models.getConverter().toString(model))));
        models.setPlaceholder(new Label(UiTexts.get("preview.noModels")));
        models.valueProperty().addListener(onChoice);
        ModelList.changesProperty().addListener(new WeakChangeListener<>(onChange));
        qupath.projectProperty().addListener(new WeakChangeListener<>(onProject));
        listModels();
    }

    /** The model of another project is of no interest in this one; which was used here last is. */
    private void projectOpened() {
        if (PreviewCommand.isRunning() && !live.isSelected()) {
            PreviewCommand.end();
        }
        choose(null);
        models.getItems().clear();
        String last = Preferences.lastModel().get();
        ModelFolder known = last.isBlank() ? null : ModelFolder.read(Path.of(last));
        if (known != null && known.problem() == null) {
            choose(listed(known));
        }
        listModels();
    }

    /** Starts with the model used last as soon as the models are listed. */
    void startWithLastModel() {
        if (!PreviewCommand.isRunning()) {
            startWhenListed = true;
            listModels();
        }
    }

    /** Shows a model as the chosen one. */
    void select(Path model) {
        startWhenListed = false;
        choose(listed(ModelFolder.read(model)));
    }

    /** The preview begins. */
    void started(boolean learning) {
        live.setSelected(learning);
        modelBox.setDisable(learning);
        save.setVisible(learning);
        save.setDisable(true);
        onOff.setText(UiTexts.get("preview.turnOff"));
    }

    /** The preview works on an image. */
    void opened(OpenedModel opened, ClassRenderer renderer) {
        layers.show(opened.classes(), renderer, this::repaint);
        save.setDisable(false);
        status(opened.said());
    }

    /** One line of how it goes. */
    void status(String line) {
        status.setText(line);
        dock.fit();
    }

    /** It is over; `problem` says why, null: it was turned off. */
    void ended(String problem) {
        status(problem == null ? UiTexts.get("preview.off") : problem);
        live.setSelected(false);
        modelBox.setDisable(false);
        save.setVisible(false);
        onOff.setText(UiTexts.get("preview.turnOn"));
    }

    @FXML
    private void browse() {
        File folder = FileChoosers.promptForDirectory(
                getScene().getWindow(), UiTexts.get("preview.chooseModel"), null);
        if (folder == null) {
            return;
        }
        ModelFolder found = ModelFolder.read(folder.toPath());
        if (found.problem() != null) {
            status(found.problem());
            return;
        }
        models.setValue(listed(found));
    }

    /** Learns what is annotated, or goes back to the model that is chosen. */
    @FXML
    private void liveOnOrOff() {
        if (live.isSelected()) {
            PreviewCommand.live(qupath, Preferences.device().get(), null);
            live.setSelected(PreviewCommand.isRunning());   // no image is open
        } else {
            PreviewCommand.end();
        }
    }

    @FXML
    private void saveModel() {
        String name = Dialogs.showInputDialog(UiTexts.get("preview.title"),
                UiTexts.get("preview.live.name"), UiTexts.get("preview.live.nameDefault"));
        if (name == null || name.isBlank()) {
            return;
        }
        save.setDisable(true);
        PreviewCommand.save(qupath, name.strip()).whenComplete((folder, problem) -> {
            save.setDisable(false);
            if (problem != null) {
                WindowFactory.showProblem(this, "preview.title", problem);
            } else {
                status(UiTexts.get("preview.live.saved", folder.getFileName()));
                listModels();
            }
        });
    }

    /** Off closes the panel, too; on tries again after something went wrong. */
    @FXML
    private void turnOnOrOff() {
        if (PreviewCommand.isRunning() || models.getValue() == null) {
            PreviewCommand.stop();
        } else {
            start();
        }
    }

    private void start() {
        ModelFolder model = models.getValue();
        if (model != null && model.problem() == null) {
            Preferences.lastModel().set(model.path().toString());
            PreviewCommand.start(qupath, model.path(), Preferences.device().get(), null);
        }
    }

    private void listModels() {
        var project = qupath.getProject();
        BackgroundThreads.work(() -> ModelList.all(project), found -> {
            if (project == qupath.getProject()) {
                listed(found);
            }
        },
                problem -> status(ErrorMessages.oneLine(problem)));
    }

    private void listed(List<ModelFolder> found) {
        ModelFolder chosen = models.getValue();
        models.valueProperty().removeListener(onChoice);
        models.setValue(null);  // else the box stays blank: new items, but no new value
        models.getItems().setAll(found.stream().filter(m -> m.problem() == null).toList());
        models.setValue(chosen == null ? null : listed(chosen));
        models.valueProperty().addListener(onChoice);
        if (startWhenListed) {
            startWhenListed = false;
            String last = Preferences.lastModel().get();
            models.getItems().stream().filter(m -> m.path().toString().equals(last)).findFirst()
                    .or(() -> models.getItems().stream().findFirst())
                    .ifPresentOrElse(model -> {
                        choose(model);
                        start();
                    }, () -> status(UiTexts.get("preview.noModels")));
        }
    }

    /** The model as the list has it; a box shows nothing that is not in its list. */
    private ModelFolder listed(ModelFolder model) {
        for (ModelFolder item : models.getItems()) {
            if (item.path().equals(model.path())) {
                return item;
            }
        }
        models.getItems().add(model);
        return model;
    }

    /** Without starting. */
    private void choose(ModelFolder model) {
        models.valueProperty().removeListener(onChoice);
        models.setValue(model);
        models.valueProperty().addListener(onChoice);
    }

    private void repaint() {
        qupath.getAllViewers().forEach(viewer -> viewer.repaintEntireImage());
    }

    /** How a model is called in the list. */
    private static final class Names extends StringConverter<ModelFolder> {

        @Override
        public String toString(ModelFolder model) {
            if (model == null) {
                return "";
            }
            return model.spacingsUm().isEmpty() ? model.name() : UiTexts.get("preview.model",
                    model.name(), model.family(), model.spacingsUm().get(0));
        }

        @Override
        public ModelFolder fromString(String text) {
            return null;
        }
    }
}
