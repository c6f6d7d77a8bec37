package qupath.ext.hookpath.ui.setup;

import javafx.stage.WindowEvent;
import qupath.ext.hookpath.Texts;
import qupath.ext.hookpath.Threads;
import qupath.ext.hookpath.core.EnvironmentBuilder;
import qupath.fx.dialogs.Dialogs;
import qupath.lib.gui.QuPathGUI;

/** What happens to an environment that is half built: QuPath asks before it ends, and sweeps. */
public final class QuitGuard {

    private QuitGuard() {}

    /** Asks when QuPath is closed; takes away what a killed QuPath left. */
    public static void install(QuPathGUI qupath) {
        qupath.getStage().addEventFilter(WindowEvent.WINDOW_CLOSE_REQUEST, QuitGuard::closing);
        Threads.background().execute(
                () -> EnvironmentBuilder.sweep(SetupOptions.usualFolder()));
    }

    private static void closing(WindowEvent event) {
        SetupBuild build = SetupBuild.get();
        if (!build.isRunning()) {
            return;
        }
        if (Dialogs.showConfirmDialog(Texts.get("setup.title"), Texts.get("setup.quit"))) {
            build.cancelAndWait();
        } else {
            event.consume();
        }
    }
}
