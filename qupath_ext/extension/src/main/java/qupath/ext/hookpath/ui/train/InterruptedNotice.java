package qupath.ext.hookpath.ui.train;

import java.awt.image.BufferedImage;
import java.util.List;
import javafx.application.ColorScheme;
import javafx.application.Platform;
import javafx.event.EventHandler;
import javafx.stage.WindowEvent;
import javafx.util.Duration;
import org.controlsfx.control.Notifications;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.JobLauncher;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.training.TrainingRunFolder;
import qupath.ext.hookpath.predict.ModelList;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.gui.prefs.QuPathStyleManager;
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
        BackgroundThreads.background().execute(() -> {
            List<TrainingRunFolder> found =
                    ResumeBar.unfinished(ModelList.modelsIn(JobLauncher.base(project)));
            if (!found.isEmpty()) {
                Platform.runLater(() -> tell(qupath, found.get(0)));
            }
        });
    }

    /** A project may be opened before QuPath's window is there. */
    private static void tell(QuPathGUI qupath, TrainingRunFolder run) {
        if (!qupath.getStage().isShowing()) {
            qupath.getStage().addEventHandler(WindowEvent.WINDOW_SHOWN, new EventHandler<>() {
                @Override
                public void handle(WindowEvent event) {
                    qupath.getStage().removeEventHandler(WindowEvent.WINDOW_SHOWN, this);
                    Platform.runLater(() -> tell(qupath, run));
                }
            });
            return;
        }
        String text = ResumeBar.describe(run).replace("; ", ";\n") + "\n"
                + UiTexts.get("train.interrupted.where");
        Notifications notice = Notifications.create().owner(qupath.getStage())
                .title(UiTexts.get("train.title")).text(text).hideAfter(Duration.seconds(20))
                .onAction(event -> TrainWindow.show(qupath));
        if (QuPathStyleManager.getStyleColorScheme() == ColorScheme.DARK) {
            notice = notice.darkStyle();
        }
        notice.showInformation();
    }
}
