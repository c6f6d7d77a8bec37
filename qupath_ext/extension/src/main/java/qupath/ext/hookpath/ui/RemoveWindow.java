package qupath.ext.hookpath.ui;

import java.awt.image.BufferedImage;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import javafx.beans.binding.Bindings;
import javafx.beans.property.BooleanProperty;
import javafx.beans.property.SimpleBooleanProperty;
import javafx.beans.value.ChangeListener;
import javafx.fxml.FXML;
import javafx.scene.control.Button;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.ProgressIndicator;
import javafx.scene.control.RadioButton;
import javafx.scene.control.ToggleGroup;
import javafx.scene.layout.VBox;
import javafx.stage.Stage;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.OpenImage;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.results.ResultRemoval;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.images.ImageData;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;

/** <em>Remove results…</em>: of one run or all, from the image or the project; says how many. */
public final class RemoveWindow extends VBox {

    private static final String TITLE = "remove.title";

    private final QuPathGUI qupath;
    private final BooleanProperty busy = new SimpleBooleanProperty();
    private final ChangeListener<Object> onChange = (o, was, is) -> count();
    private long counting;

    @FXML private ToggleGroup where;
    @FXML private RadioButton image;
    @FXML private RadioButton project;
    @FXML private ComboBox<Run> runs;
    @FXML private Label message;
    @FXML private ProgressIndicator progress;
    @FXML private Button remove;

    /**
     * A run to choose.
     *
     * @param tag its tag; null: all runs
     * @param count untouched objects that it made
     */
    record Run(String tag, int count) {

        @Override
        public String toString() {
            return tag == null ? UiTexts.get("remove.all", count)
                    : UiTexts.get("remove.run", tag, count);
        }
    }

    private RemoveWindow(QuPathGUI qupath) {
        this.qupath = qupath;
        WindowFactory.load(this, "remove-window.fxml");
        project.disableProperty().bind(qupath.projectProperty().isNull());
        progress.visibleProperty().bind(busy);
        remove.disableProperty().bind(busy.or(Bindings.createBooleanBinding(
                () -> runs.getValue() == null || runs.getValue().count() == 0,
                runs.valueProperty())));
        where.selectedToggleProperty().addListener(onChange);
        qupath.imageDataProperty().addListener(onChange);
        count();
    }

    /** Shows the window, or brings it to the front. */
    public static void show(QuPathGUI qupath) {
        Stage stage = WindowFactory.show(qupath, TITLE, () -> new RemoveWindow(qupath));
        RemoveWindow window = (RemoveWindow) stage.getScene().getRoot();
        stage.setOnHiding(event -> qupath.imageDataProperty().removeListener(window.onChange));
        window.count();
    }

    /** Looks how many there are, in the background; a later look makes an earlier one void. */
    private void count() {
        long mine = ++counting;
        busy.set(true);
        message.setText(UiTexts.get("remove.counting"));
        Supplier<Map<String, Integer>> look = look();
        BackgroundThreads.work(look::get, found -> counted(mine, found), e -> failed(mine, e));
    }

    private Supplier<Map<String, Integer>> look() {
        Project<BufferedImage> open = qupath.getProject();
        if (project.isSelected() && open != null) {
            return () -> sum(open);
        }
        ImageData<BufferedImage> data = qupath.getImageData();
        return () -> data == null ? Map.of()
                : ResultRemoval.count(OpenImage.of(data, open).objects());
    }

    private static Map<String, Integer> sum(Project<BufferedImage> project) {
        Map<String, Integer> sum = new LinkedHashMap<>();
        for (ProjectImageEntry<BufferedImage> entry : project.getImageList()) {
            ResultRemoval.count(project, entry).forEach(
                    (run, count) -> sum.merge(run, count, Integer::sum));
        }
        return sum;
    }

    private void counted(long look, Map<String, Integer> found) {
        if (look != counting) {
            return;
        }
        busy.set(false);
        String before = runs.getValue() == null ? null : runs.getValue().tag();
        int sum = found.values().stream().mapToInt(Integer::intValue).sum();
        runs.getItems().setAll(new Run(null, sum));
        found.forEach((run, count) -> runs.getItems().add(new Run(run, count)));
        runs.setValue(runs.getItems().stream().filter(run -> run.tag() != null
                && run.tag().equals(before)).findFirst().orElse(runs.getItems().get(0)));
        message.setText(UiTexts.get(sum == 0 ? "remove.none" : "remove.kept"));
    }

    private void failed(long look, Throwable problem) {
        if (look == counting) {
            busy.set(false);
            runs.getItems().clear();
            message.setText("");
            WindowFactory.showProblem(this, TITLE, problem);
        }
    }

    @FXML
    private void remove() {
        Project<BufferedImage> open = qupath.getProject();
        ImageData<BufferedImage> data = qupath.getImageData();
        boolean inProject = project.isSelected();
        String run = runs.getValue().tag();
        busy.set(true);
        message.setText(UiTexts.get("remove.removing"));
        BackgroundThreads.work(() -> inProject
                ? ResultRemoval.fromProject(open, open.getImageList(), run)
                : ResultRemoval.fromImage(OpenImage.of(data, open), run),
                this::removed, e -> failed(counting, e));
    }

    private void removed(ResultRemoval.Summary summary) {
        counted(counting, Map.of());
        message.setText(
                UiTexts.get("remove.done", summary.total(), summary.removed().size()));
        runs.getItems().clear();
        runs.setValue(null);
    }

    @FXML
    private void close() {
        getScene().getWindow().hide();
    }
}
