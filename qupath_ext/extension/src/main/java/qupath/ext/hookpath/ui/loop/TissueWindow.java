package qupath.ext.hookpath.ui.loop;

import java.awt.image.BufferedImage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javafx.fxml.FXML;
import javafx.scene.control.Button;
import javafx.scene.control.ComboBox;
import javafx.scene.control.RadioButton;
import javafx.scene.control.Slider;
import javafx.scene.control.TextField;
import javafx.scene.layout.VBox;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.jobs.JobOutcome;
import qupath.ext.hookpath.loop.TissueJob;
import qupath.ext.hookpath.loop.TissueSummary;
import qupath.ext.hookpath.ui.JobPane;
import qupath.ext.hookpath.ui.NamedChoice;
import qupath.ext.hookpath.ui.WindowFactory;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.images.ImageData;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;

/** <em>Outline tissue…</em>: annotations by threshold, to be corrected with the brush. */
public final class TissueWindow extends VBox implements WindowFactory.AtWork {

    private static final String TITLE = "tissue.title";

    private final QuPathGUI qupath;

    @FXML private RadioButton current;
    @FXML private ComboBox<String> rule;
    @FXML private Slider threshold;
    @FXML private TextField className;
    @FXML private Button run;
    @FXML private JobPane job;

    private TissueWindow(QuPathGUI qupath) {
        this.qupath = qupath;
        WindowFactory.load(this, "tissue-window.fxml");
        NamedChoice.fill(rule, "tissue.rule", "threshold", "auto", "saturation");
        threshold.disableProperty().bind(rule.valueProperty().isNotEqualTo("threshold"));
        current.disableProperty().bind(qupath.imageDataProperty().isNull());
        run.disableProperty().bind(qupath.projectProperty().isNull()
                .or(className.textProperty().isEmpty()).or(job.runningProperty()));
    }

    /** Shows the window, or brings it to the front. */
    public static void show(QuPathGUI qupath) {
        WindowFactory.show(qupath, TITLE, () -> new TissueWindow(qupath));
    }

    @Override
    public boolean isAtWork() {
        return job.runningProperty().get();
    }

    @FXML
    private void run() {
        Project<BufferedImage> project = qupath.getProject();
        TissueJob made;
        try {
            made = new TissueJob(project, images(project), arguments());
        } catch (HookpathException e) {
            WindowFactory.showProblem(this, TITLE, e);
            return;
        }
        job.run(made::start, outcome -> ended(made, outcome), this::failed);
    }

    private List<ProjectImageEntry<BufferedImage>> images(Project<BufferedImage> project) {
        ImageData<BufferedImage> data = qupath.getImageData();
        ProjectImageEntry<BufferedImage> open = data == null ? null : project.getEntry(data);
        if (current.isSelected() && open == null) {
            throw new HookpathException(UiTexts.get("tissue.why.noImage"));
        }
        return current.isSelected() ? List.of(open) : project.getImageList();
    }

    private Map<String, Object> arguments() {
        Map<String, Object> arguments = new LinkedHashMap<>();
        arguments.put("class", className.getText().strip());
        switch (rule.getValue()) {
            case "auto" -> arguments.put("auto", true);
            case "saturation" -> arguments.put("saturation", true);
            default -> arguments.put("threshold", (double) Math.round(threshold.getValue()));
        }
        return arguments;
    }

    private void ended(TissueJob done, JobOutcome outcome) {
        job.busy(UiTexts.get("loop.importing"));
        BackgroundThreads.work(() -> done.finish(outcome), this::done, this::failed);
    }

    private void done(TissueSummary found) {
        String done = UiTexts.get("tissue.done", found.added(), found.changed().size());
        job.idle(done);
        WindowFactory.tellWhereHidden(this, TITLE, done);
        qupath.refreshProject();
        if (!found.problems().isEmpty()) {
            WindowFactory.showProblem(this, TITLE, String.join("\n", found.problems()));
        }
    }

    private void failed(Throwable problem) {
        job.idle("");
        WindowFactory.showProblem(this, TITLE, problem);
    }

    @FXML
    private void close() {
        getScene().getWindow().hide();
    }
}
