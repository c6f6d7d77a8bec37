package qupath.ext.hookpath.ui;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.FormatStyle;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.stream.Collectors;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyBooleanWrapper;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.value.ChangeListener;
import javafx.beans.value.WeakChangeListener;
import javafx.fxml.FXML;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableRow;
import javafx.scene.control.TableView;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.HBox;
import javafx.scene.layout.VBox;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.Preferences;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.jobs.MessageWording;
import qupath.ext.hookpath.core.jobs.RequestClass;
import qupath.ext.hookpath.core.models.ModelFolder;
import qupath.ext.hookpath.predict.ModelList;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.projects.Project;

/**
 * The models that can be found: where they come from, classes, µm/px, when and on what they were
 * trained; and what can be done with them.
 */
public final class ModelTable extends VBox {

    private static final Map<HBox, Tooltip> TIPS = new WeakHashMap<>();

    private final ReadOnlyBooleanWrapper loading = new ReadOnlyBooleanWrapper();
    private final ModelActions actions = new ModelActions(this, () -> project());
    private final ChangeListener<Project<BufferedImage>> onProject = (o, was, is) -> load(is);
    private final ChangeListener<Number> onChange = (o, was, is) -> load(project());
    private Project<BufferedImage> project;

    @FXML private TableView<ModelFolder> table;
    @FXML private TableColumn<ModelFolder, String> name;
    @FXML private TableColumn<ModelFolder, String> from;
    @FXML private TableColumn<ModelFolder, String> classes;
    @FXML private TableColumn<ModelFolder, String> spacing;
    @FXML private TableColumn<ModelFolder, String> trained;
    @FXML private TableColumn<ModelFolder, String> on;
    @FXML private TableColumn<ModelFolder, String> f1;
    @FXML private Button export;
    @FXML private HBox renameBox;
    @FXML private Button rename;
    @FXML private HBox deleteBox;
    @FXML private Button delete;

    /** An empty one; see {@link #load}. */
    public ModelTable() {
        WindowFactory.load(this, "model-table.fxml");
        TableCells.show(name, ModelFolder::name);
        TableCells.show(from, model -> ModelList.from(model, project));
        TableCells.show(classes, model -> model.classes().stream().map(RequestClass::name)
                .collect(Collectors.joining(", ")));
        TableCells.show(spacing, ModelTable::reads);
        TableCells.show(trained, ModelTable::date);
        TableCells.show(on, ModelFolder::trainedOn);
        TableCells.show(f1, model -> model.f1() == null ? "" : UiTexts.get("run.f1", model.f1()));
        table.setRowFactory(view -> new Row());
        table.setPlaceholder(new Label(UiTexts.get("run.noModels")));
        selectedProperty().addListener((o, was, is) -> chosen(is));
        chosen(null);
        ModelList.changesProperty().addListener(new WeakChangeListener<>(onChange));
    }

    /** Shows the models of the project that is open, also when another is opened. */
    void follow(QuPathGUI qupath) {
        load(qupath.getProject());
        qupath.projectProperty().addListener(new WeakChangeListener<>(onProject));
    }

    /** Looks for models in the background, keeps or restores what was chosen. */
    private void load(Project<BufferedImage> of) {
        project = of;
        loading.set(true);
        BackgroundThreads.work(() -> ModelList.all(of), found -> {
            if (of == project) {
                loaded(found);
            }
        }, problem -> {
            loading.set(false);
            WindowFactory.showProblem(this, "run.title", problem);
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

    private Project<BufferedImage> project() {
        return project;
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
        actions.addFolder();
    }

    @FXML
    private void importFile() {
        actions.importFile();
    }

    @FXML
    private void importFolder() {
        actions.importFolder();
    }

    @FXML
    private void export() {
        actions.export(selectedProperty().get());
    }

    @FXML
    private void rename() {
        actions.rename(selectedProperty().get());
    }

    @FXML
    private void delete() {
        actions.delete(selectedProperty().get());
    }

    /** Buttons that cannot be pressed say why. */
    private void chosen(ModelFolder model) {
        export.setDisable(model == null || model.problem() != null);
        offer(rename, renameBox, model == null ? "" : actions.whyNotRename(model), model);
        offer(delete, deleteBox, model == null ? "" : actions.whyNotDelete(model), model);
    }

    /** A disabled button shows no tooltip, so the box around it does. */
    private static void offer(Button button, HBox box, String whyNot, ModelFolder model) {
        button.setDisable(model == null || !whyNot.isEmpty());
        Tooltip.uninstall(box, TIPS.remove(box));
        if (!whyNot.isEmpty()) {
            Tooltip tip = new Tooltip(whyNot);
            TIPS.put(box, tip);
            Tooltip.install(box, tip);
        }
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

    private static String reads(ModelFolder model) {
        return model.problem() == null && model.spacingsUm().isEmpty()
                ? UiTexts.get("run.model.slide")
                : model.spacingsUm().stream().map(um -> UiTexts.get("run.number", um))
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
            setTooltip(none ? null
                    : new Tooltip(model.problem() != null ? MessageWording.inWindow(model.problem())
                    : UiTexts.get("run.model.tooltip", model.path(), model.family(),
                            model.trainedOn() == null ? "?" : model.trainedOn())));
            setOpacity(none || model.problem() == null ? 1 : 0.5);
        }
    }
}
