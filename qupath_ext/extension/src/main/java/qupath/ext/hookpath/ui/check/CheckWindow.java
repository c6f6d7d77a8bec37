package qupath.ext.hookpath.ui.check;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import javafx.beans.binding.Bindings;
import javafx.beans.value.ChangeListener;
import javafx.beans.value.WeakChangeListener;
import javafx.fxml.FXML;
import javafx.scene.control.Button;
import javafx.scene.control.CheckBox;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.Tab;
import javafx.scene.control.TabPane;
import javafx.scene.layout.VBox;
import javafx.stage.Stage;
import javafx.util.StringConverter;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.Preferences;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.check.EvaluateJob;
import qupath.ext.hookpath.core.evaluation.AreaScore;
import qupath.ext.hookpath.core.evaluation.EvaluationResult;
import qupath.ext.hookpath.core.jobs.JobOutcome;
import qupath.ext.hookpath.core.models.ModelFolder;
import qupath.ext.hookpath.core.training.MetricCurves;
import qupath.ext.hookpath.core.training.TrainingRunFolder;
import qupath.ext.hookpath.preview.MapLayer;
import qupath.ext.hookpath.preview.OverlaySettingsPane;
import qupath.ext.hookpath.ui.JobPane;
import qupath.ext.hookpath.ui.ModelChoice;
import qupath.ext.hookpath.ui.WindowFactory;
import qupath.ext.hookpath.ui.train.CurvesPane;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.projects.Project;

/**
 * <em>How good is it?…</em>: where a model and the person who drew disagree, and the metrics
 * behind it.
 */
public final class CheckWindow extends VBox implements WindowFactory.AtWork {

    private static final String TITLE = "check.title";

    private final QuPathGUI qupath;
    private final ChangeListener<Project<BufferedImage>> onProject = (o, was, is) -> load();
    private final AreaNavigator places;
    private final MapLayer map;
    private Project<BufferedImage> project;
    private EvaluateJob check;
    private EvaluationResult evaluation;
    private boolean reading;

    @FXML private ModelChoice model;
    @FXML private CheckBox leaveOut;
    @FXML private Button run;
    @FXML private JobPane job;
    @FXML private Label said;
    @FXML private VBox found;
    @FXML private ComboBox<String> part;
    @FXML private TabPane tabs;
    @FXML private Tab areasTab;
    @FXML private AnnotatedAreasPane areas;
    @FXML private ConfusionMatrixPane figures;
    @FXML private CurvesPane curves;
    @FXML private Label noCurves;
    @FXML private OverlaySettingsPane layers;
    @FXML private Button report;

    private CheckWindow(QuPathGUI qupath) {
        this.qupath = qupath;
        WindowFactory.load(this, "check-window.fxml");
        places = new AreaNavigator(qupath);
        map = new MapLayer(qupath, layers);
        model.offer(UiTexts.get("check.model.none"), one -> true);
        run.disableProperty().bind(Bindings.createBooleanBinding(
                () -> project == null || model.getValue() == null || job.runningProperty().get(),
                model.valueProperty(), job.runningProperty()));
        WindowFactory.fold(job, found, curves, noCurves);
        job.setVisible(false);
        part.setConverter(new Parts());
        part.valueProperty().addListener((o, was, is) -> showPart());
        areas.setActions(this::goTo, this::mark, places::stateOf);
        figures.setOnCell((drawn, predicted) -> {
            areas.showCell(drawn, predicted);
            tabs.getSelectionModel().select(areasTab);
        });
        model.valueProperty().addListener((o, was, is) -> chosen(is));
        qupath.projectProperty().addListener(new WeakChangeListener<>(onProject));
        load();
    }

    /** Shows the window, or brings it to the front. */
    public static void show(QuPathGUI qupath) {
        Stage stage = WindowFactory.show(qupath, TITLE, () -> new CheckWindow(qupath));
        CheckWindow window = (CheckWindow) stage.getScene().getRoot();
        stage.setOnHiding(event -> window.map.hide());
    }

    @Override
    public boolean isAtWork() {
        return job.runningProperty().get() || reading;
    }

    private void load() {
        if (isAtWork()) {
            return;
        }
        project = qupath.getProject();
        forget();
        model.load(project, Preferences.lastModel().get());
    }

    /** What was found with another model, or in another project, is of no interest. */
    private void forget() {
        evaluation = null;
        found.setVisible(false);
        map.hide();
        said.setText(project == null ? UiTexts.get("error.noProject")
                : UiTexts.get("check.explained.none"));
    }

    private void chosen(ModelFolder of) {
        if (isAtWork()) {
            return;
        }
        forget();
        if (of != null && project != null) {
            EvaluateJob earlier = new EvaluateJob(project, of, Map.of());
            BackgroundThreads.work(earlier::earlier, before -> {
                if (before != null && of.equals(model.getValue()) && !isAtWork()) {
                    check = earlier;
                    show(before, "check.earlier");
                }
            }, problem -> { });
        }
    }

    @FXML
    private void run() {
        forget();
        said.setText("");
        job.setVisible(true);
        getScene().getWindow().sizeToScene();
        Map<String, Object> arguments = new LinkedHashMap<>();
        arguments.put("leftOut", leaveOut.isSelected());
        String device = Preferences.device().get();
        arguments.put("device", "auto".equals(device) ? null : device);
        EvaluateJob made = new EvaluateJob(project, model.getValue(), arguments);
        check = made;
        job.run(made::start, this::ended, this::failed);
    }

    private void ended(JobOutcome outcome) {
        if (job.wasCancelled()) {
            job.setVisible(false);
            forget();
            return;
        }
        reading = true;
        job.busy(UiTexts.get("check.importing"));
        EvaluateJob done = check;
        BackgroundThreads.work(() -> done.finish(outcome), result -> {
            reading = false;
            job.setVisible(false);
            show(result, "check.done");
            WindowFactory.tellWhereHidden(this, TITLE, said.getText());
            if (!result.problems().isEmpty()) {
                WindowFactory.showProblem(this, TITLE, String.join("\n", result.problems()));
            }
        }, this::failed);
    }

    private void failed(Throwable problem) {
        reading = false;
        job.setVisible(false);
        forget();
        WindowFactory.showProblem(this, TITLE, problem);
    }

    private void show(EvaluationResult result, String how) {
        evaluation = result;
        places.remember(project);
        String done = UiTexts.get("check.done", result.areas().size(), result.images().size());
        said.setText("check.done".equals(how) ? done : UiTexts.get(how, done));
        found.setVisible(true);
        report.setDisable(result.page() == null);
        areas.show(result);
        part.getItems().setAll(result.parts().keySet());
        part.setValue(result.parts().containsKey("val") ? "val" : EvaluationResult.ALL);
        showPart();
        showCurves();
        WindowFactory.growWith(this);
    }

    private void showPart() {
        if (evaluation != null && part.getValue() != null) {
            areas.showPart(part.getValue());
            figures.show(evaluation, part.getValue());
        }
    }

    private void showCurves() {
        ModelFolder of = model.getValue();
        BackgroundThreads.work(() -> TrainingRunFolder.read(of.path().getParent()), run -> {
            curves.setVisible(!run.metrics().isEmpty());
            noCurves.setVisible(run.metrics().isEmpty());
            curves.show(new MetricCurves(run.metrics()), run.epochs());
        }, problem -> { });
    }

    private void goTo(AreaScore area) {
        String problem = places.goTo(project, area);
        if (problem != null) {
            said.setText(problem);
            return;
        }
        EvaluateJob of = check;
        BackgroundThreads.work(() -> of.map(area.imageId(), area.image()), file -> map.show(file,
                e -> WindowFactory.showProblem(this, TITLE, e)), e -> { });
    }

    private void mark(AreaScore area) {
        String problem = places.mark(area);
        if (problem != null) {
            said.setText(problem);
        }
    }

    @FXML
    private void openReport() {
        Path page = evaluation.page();
        QuPathGUI.openInBrowser(page.toUri().toString());
    }

    @FXML
    private void close() {
        WindowFactory.close(this);
    }

    /** Training, validation and so on, with the number of their images. */
    private final class Parts extends StringConverter<String> {

        @Override
        public String toString(String name) {
            if (name == null || evaluation == null || !evaluation.parts().containsKey(name)) {
                return "";
            }
            String key = "check.part." + name;
            int images = evaluation.parts().get(name).images();
            return UiTexts.BUNDLE.containsKey(key) ? UiTexts.get(key, images) : name;
        }

        @Override
        public String fromString(String text) {
            throw new UnsupportedOperationException("not editable");
        }
    }
}
