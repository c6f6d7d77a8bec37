package qupath.ext.hookpath.ui;

import java.awt.image.BufferedImage;
import java.io.File;
import java.nio.file.Path;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.FormatStyle;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyBooleanWrapper;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.fxml.FXML;
import javafx.scene.control.Label;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableRow;
import javafx.scene.control.TableView;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.VBox;
import qupath.ext.hookpath.Preferences;
import qupath.ext.hookpath.Texts;
import qupath.ext.hookpath.Threads;
import qupath.ext.hookpath.core.ClassPart;
import qupath.ext.hookpath.core.ModelFolder;
import qupath.ext.hookpath.predict.Models;
import qupath.fx.dialogs.FileChoosers;
import qupath.lib.projects.Project;

/** The models that can be found: classes, µm/px, when and on what they were trained. */
public final class ModelTable extends VBox {

    private final ReadOnlyBooleanWrapper loading = new ReadOnlyBooleanWrapper();
    private Project<BufferedImage> project;

    @FXML private TableView<ModelFolder> table;
    @FXML private TableColumn<ModelFolder, String> name;
    @FXML private TableColumn<ModelFolder, String> classes;
    @FXML private TableColumn<ModelFolder, String> spacing;
    @FXML private TableColumn<ModelFolder, String> trained;
    @FXML private TableColumn<ModelFolder, String> on;
    @FXML private TableColumn<ModelFolder, String> f1;

    /** An empty one; see {@link #load}. */
    public ModelTable() {
        Windows.load(this, "model-table.fxml");
        show(name, ModelFolder::name);
        show(classes, model -> model.classes().stream().map(ClassPart::name)
                .collect(Collectors.joining(", ")));
        show(spacing, ModelTable::reads);
        show(trained, ModelTable::date);
        show(on, ModelFolder::trainedOn);
        show(f1, model -> model.f1() == null ? "" : Texts.get("run.f1", model.f1()));
        table.setRowFactory(view -> new Row());
        table.setPlaceholder(new Label(Texts.get("run.noModels")));
    }

    /** Looks for models in the background, keeps or restores what was chosen. */
    void load(Project<BufferedImage> of) {
        project = of;
        loading.set(true);
        Threads.work(() -> Models.all(of), this::loaded, problem -> {
            loading.set(false);
            Windows.showProblem(this, "run.title", problem);
        });
    }

    /** The model that is chosen; null: none. */
    ReadOnlyObjectProperty<ModelFolder> selectedProperty() {
        return table.getSelectionModel().selectedItemProperty();
    }

    /** Whether models are being looked for. */
    ReadOnlyBooleanProperty loadingProperty() {
        return loading.getReadOnlyProperty();
    }

    boolean isEmpty() {
        return table.getItems().isEmpty();
    }

    @FXML
    private void reload() {
        load(project);
    }

    @FXML
    private void addFolder() {
        File folder = FileChoosers.promptForDirectory(
                Windows.windowOf(this), Texts.get("run.addFolder.title"), null);
        if (folder == null) {
            return;
        }
        if (ModelFolder.below(folder.toPath()).isEmpty()) {
            Windows.showProblem(this, "run.title", Texts.get("run.noModelIn", folder));
            return;
        }
        Preferences.addModelFolder(folder.toPath());
        reload();
    }

    private void loaded(List<ModelFolder> found) {
        ModelFolder chosen = selectedProperty().get();
        String wanted = chosen != null ? chosen.path().toString() : Preferences.lastModel().get();
        table.getItems().setAll(found);
        loading.set(false);
        for (ModelFolder model : found) {
            if (!wanted.isBlank() && model.path().equals(Path.of(wanted))) {
                table.getSelectionModel().select(model);
                return;
            }
        }
        if (!found.isEmpty()) {
            table.getSelectionModel().selectFirst();
        }
    }

    private static void show(
            TableColumn<ModelFolder, String> column, Function<ModelFolder, String> text) {
        column.setCellValueFactory(cell -> {
            String value = text.apply(cell.getValue());
            return new ReadOnlyStringWrapper(value == null ? "" : value);
        });
    }

    private static String reads(ModelFolder model) {
        return model.problem() == null && model.spacingsUm().isEmpty()
                ? Texts.get("run.model.slide")
                : model.spacingsUm().stream().map(um -> Texts.get("run.number", um))
                        .collect(Collectors.joining(" + "));
    }

    private static String date(ModelFolder model) {
        return model.trainedAt() == null ? "" : DateTimeFormatter
                .ofLocalizedDateTime(FormatStyle.SHORT).withZone(ZoneId.systemDefault())
                .format(model.trainedAt());
    }

    /** Says where the model is, and what is wrong with it. */
    private static final class Row extends TableRow<ModelFolder> {

        @Override
        protected void updateItem(ModelFolder model, boolean empty) {
            super.updateItem(model, empty);
            boolean none = empty || model == null;
            setTooltip(none ? null : new Tooltip(model.problem() != null ? model.problem()
                    : Texts.get("run.model.tooltip", model.path(), model.family(),
                            model.trainedOn() == null ? "?" : model.trainedOn())));
            setOpacity(none || model.problem() == null ? 1 : 0.5);
        }
    }
}
