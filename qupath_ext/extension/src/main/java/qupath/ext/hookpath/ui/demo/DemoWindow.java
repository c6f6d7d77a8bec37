package qupath.ext.hookpath.ui.demo;

import java.awt.image.BufferedImage;
import javafx.fxml.FXML;
import javafx.scene.layout.VBox;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.jobs.JobOutcome;
import qupath.ext.hookpath.demo.DemoProject;
import qupath.ext.hookpath.ui.JobPane;
import qupath.ext.hookpath.ui.WindowFactory;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.projects.Project;

/** <em>Open a demo project</em>: made the first time, which this window shows; then opened. */
public final class DemoWindow extends VBox {

    private static final String TITLE = "demo.title";

    private final QuPathGUI qupath;

    @FXML private JobPane job;

    private DemoWindow(QuPathGUI qupath) {
        this.qupath = qupath;
        WindowFactory.load(this, "demo-window.fxml");
        job.run(DemoProject::makeSlides, this::made, this::failed);
        // Else Cancel has it, where a key ends the work.
        BackgroundThreads.later(this::requestFocus);
    }

    /** Opens the project, which is made first where it is not there. */
    public static void show(QuPathGUI qupath) {
        if (DemoProject.isThere()) {
            BackgroundThreads.work(DemoProject::open, project -> open(qupath, project),
                    problem -> WindowFactory.showProblem(null, TITLE, problem));
        } else {
            WindowFactory.show(qupath, TITLE, () -> new DemoWindow(qupath));
        }
    }

    private void made(JobOutcome outcome) {
        if (job.wasCancelled()) {
            WindowFactory.close(this);
        } else if (outcome.state() != JobOutcome.State.DONE) {
            job.idle(outcome.message());
        } else {
            job.busy(UiTexts.get("demo.importing"));
            BackgroundThreads.work(DemoProject::create, this::made, this::failed);
        }
    }

    /** Whoever closed the window meanwhile does something else: the project waits for the menu. */
    private void made(Project<BufferedImage> project) {
        if (WindowFactory.isShowing(this)) {
            WindowFactory.close(this);
            open(qupath, project);
        }
    }

    private static void open(QuPathGUI qupath, Project<BufferedImage> project) {
        qupath.setProject(project);
        if (qupath.getProject() == project && !project.isEmpty()) {
            qupath.openImageEntry(project.getImageList().getFirst());
        }
    }

    private void failed(Throwable problem) {
        job.idle("");
        WindowFactory.close(this);
        WindowFactory.showProblem(null, TITLE, problem);
    }
}
