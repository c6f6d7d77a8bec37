package qupath.ext.hookpath.ui.train;

import java.awt.image.BufferedImage;
import java.util.List;
import javafx.application.Platform;
import javafx.util.Duration;
import org.controlsfx.control.Notifications;
import qupath.ext.hookpath.JobStart;
import qupath.ext.hookpath.Texts;
import qupath.ext.hookpath.Threads;
import qupath.ext.hookpath.core.RunFolder;
import qupath.ext.hookpath.predict.Models;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.projects.Project;

/** Says, when a project opens, that a training in it was cut short. */
public final class InterruptedNotice {

    private InterruptedNotice() {}

    /** Watches which project is open. */
    public static void install(QuPathGUI qupath) {
        qupath.projectProperty().addListener((o, was, is) -> look(qupath, is));
        look(qupath, qupath.getProject());
    }

    private static void look(QuPathGUI qupath, Project<BufferedImage> project) {
        if (project == null) {
            return;
        }
        Threads.background().execute(() -> {
            List<RunFolder> found = ResumeBar.unfinished(Models.modelsIn(JobStart.base(project)));
            if (!found.isEmpty()) {
                Platform.runLater(() -> tell(qupath, found.get(0)));
            }
        });
    }

    private static void tell(QuPathGUI qupath, RunFolder run) {
        Notifications.create().owner(qupath.getStage()).title(Texts.get("train.title"))
                .text(ResumeBar.describe(run) + "\n" + Texts.get("train.interrupted.where"))
                .hideAfter(Duration.seconds(12)).onAction(event -> TrainWindow.show(qupath))
                .showInformation();
    }
}
