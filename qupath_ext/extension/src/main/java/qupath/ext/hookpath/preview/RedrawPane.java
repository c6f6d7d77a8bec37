package qupath.ext.hookpath.preview;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javafx.animation.PauseTransition;
import javafx.beans.binding.Bindings;
import javafx.beans.value.ChangeListener;
import javafx.beans.value.WeakChangeListener;
import javafx.fxml.FXML;
import javafx.scene.control.Button;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.Slider;
import javafx.scene.control.Spinner;
import javafx.scene.layout.VBox;
import javafx.util.Duration;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.Preferences;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.jobs.JobOutcome;
import qupath.ext.hookpath.predict.RedrawJob;
import qupath.ext.hookpath.ui.JobPane;
import qupath.ext.hookpath.ui.NamedChoice;
import qupath.ext.hookpath.ui.Spinners;
import qupath.ext.hookpath.ui.WindowFactory;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;

/**
 * Makes the objects of a map anew, as they look with the threshold and the smoothing that are
 * chosen; nothing is predicted again. For the JavaFX thread.
 */
public final class RedrawPane extends VBox {

    private static final String TITLE = "map.title";
    private static final Duration SETTLED = Duration.millis(400);

    private final PauseTransition settled = new PauseTransition(SETTLED);
    private final ChangeListener<Project<BufferedImage>> onProject = (o, was, is) -> offer();
    private QuPathGUI qupath;
    private OverlaySettingsPane layers;
    private Runnable onSmooth = () -> { };
    private Path map;
    private boolean importing;

    @FXML private ComboBox<String> output;
    @FXML private Slider smooth;
    @FXML private Label smoothText;
    @FXML private Spinner<Double> minArea;
    @FXML private Spinner<Double> simplify;
    @FXML private Button here;
    @FXML private Button everywhere;
    @FXML private JobPane job;
    @FXML private Label said;

    /** Nothing can be made yet; see {@link #follow}. */
    public RedrawPane() {
        WindowFactory.load(this, "redraw-pane.fxml");
        NamedChoice.fill(output, "run.output", "detections", "annotations");
        Spinners.numbers(minArea, 1e9, Preferences.minArea().get(), 50);
        Spinners.numbers(simplify, 1000, Preferences.simplify().get(), 0.25);
        smoothText.textProperty().bind(Bindings.createStringBinding(
                () -> UiTexts.get("redraw.um", smooth.getValue()), smooth.valueProperty()));
        settled.setOnFinished(event -> onSmooth.run());
        smooth.valueProperty().addListener((o, was, is) -> settled.playFromStart());
        WindowFactory.fold(job, said);
        job.setVisible(false);
        said.setVisible(false);
        offer();
    }

    /**
     * Begins.
     *
     * @param of QuPath
     * @param pane has the threshold
     * @param smoothed called when the map is to be shown with another smoothing
     */
    void follow(QuPathGUI of, OverlaySettingsPane pane, Runnable smoothed) {
        qupath = of;
        layers = pane;
        onSmooth = smoothed;
        qupath.projectProperty().addListener(new WeakChangeListener<>(onProject));
        layers.likeliestProperty().addListener((o, was, is) -> offer());
    }

    /** The map that objects are made of; null: none. */
    void setMap(Path file) {
        map = file;
        offer();
    }

    /** Standard deviation of the Gaussian that is chosen; 0: none. */
    double smoothUm() {
        return smooth.getValue();
    }

    /** Whether objects are being made. */
    boolean isAtWork() {
        return job.runningProperty().get() || importing;
    }

    private void offer() {
        boolean none = map == null || qupath == null || qupath.getProject() == null || isAtWork()
                || !layers.likeliestProperty().get();
        here.setDisable(none);
        everywhere.setDisable(none);
    }

    @FXML
    private void redrawHere() {
        Project<BufferedImage> project = qupath.getProject();
        var data = qupath.getImageData();
        ProjectImageEntry<BufferedImage> entry = data == null ? null : project.getEntry(data);
        if (entry == null) {
            WindowFactory.showProblem(this, TITLE, UiTexts.get("tissue.why.noImage"));
            return;
        }
        redraw(project, List.of(entry));
    }

    @FXML
    private void redrawEverywhere() {
        Project<BufferedImage> project = qupath.getProject();
        if (WindowFactory.sure(this, TITLE, UiTexts.get("redraw.sure"),
                UiTexts.get("redraw.all"))) {
            redraw(project, project.getImageList());
        }
    }

    private void redraw(
            Project<BufferedImage> project, List<ProjectImageEntry<BufferedImage>> images) {
        // The map lies in its image's folder, in that of the run.
        RedrawJob made = new RedrawJob(project, images, map.getParent().getParent(), arguments());
        said.setVisible(false);
        job.setVisible(true);
        job.run(made::start, outcome -> ended(made, outcome), this::failed);
        offer();
        WindowFactory.growWith(this);
    }

    private Map<String, Object> arguments() {
        Map<String, Object> arguments = new LinkedHashMap<>();
        arguments.put("as", output.getValue());
        arguments.put("threshold", layers.threshold() > 0 ? layers.threshold() : null);
        arguments.put("smooth", smoothUm());
        arguments.put("minArea", minArea.getValue());
        arguments.put("simplify", simplify.getValue());
        return arguments;
    }

    private void ended(RedrawJob done, JobOutcome outcome) {
        if (job.wasCancelled()) {
            tell(UiTexts.get("run.cancelled"));
            return;
        }
        importing = true;
        job.busy(UiTexts.get("run.importing"));
        BackgroundThreads.work(() -> done.finish(outcome), this::done, this::failed);
    }

    private void done(RedrawJob.Summary found) {
        importing = false;
        qupath.refreshProject();
        tell(UiTexts.get("redraw.done", found.added(), found.changed().size(), found.removed()));
        if (!found.problems().isEmpty()) {
            WindowFactory.showProblem(this, TITLE, String.join("\n", found.problems()));
        }
    }

    private void failed(Throwable problem) {
        importing = false;
        tell("");
        WindowFactory.showProblem(this, TITLE, problem);
    }

    private void tell(String line) {
        job.setVisible(false);
        said.setText(line);
        said.setVisible(!line.isEmpty());
        offer();
        WindowFactory.tellWhereHidden(this, TITLE, line);
        WindowFactory.growWith(this);
    }
}
