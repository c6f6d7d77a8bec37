package qupath.ext.hookpath.ui;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import javafx.fxml.FXMLLoader;
import javafx.scene.Node;
import javafx.scene.Parent;
import javafx.scene.Scene;
import javafx.scene.control.ButtonBar.ButtonData;
import javafx.scene.control.ButtonType;
import javafx.stage.Modality;
import javafx.stage.Stage;
import javafx.stage.Window;
import qupath.ext.hookpath.Problems;
import qupath.ext.hookpath.Texts;
import qupath.ext.hookpath.ui.setup.SetupWindow;
import qupath.fx.dialogs.Dialogs;
import qupath.fx.utils.FXUtils;
import qupath.lib.gui.QuPathGUI;

/**
 * How windows of the extension are made, so that they look and behave like QuPath's own: above the
 * main window, never blocking it, with its icon, closed by Escape. For the JavaFX thread.
 */
public final class Windows {

    private static final Map<String, Stage> OPEN = new HashMap<>();

    private Windows() {}

    /**
     * Loads FXML that lies beside a class, with the texts of {@code strings.properties}.
     *
     * @param controller its controller; a control with {@code fx:root} is the root, too
     * @param fxml name of the file beside the controller's class in the resources
     * @return the root
     */
    public static <T> T load(Object controller, String fxml) {
        URL url = controller.getClass().getResource(fxml);
        FXMLLoader loader = new FXMLLoader(url, Texts.BUNDLE);
        loader.setClassLoader(controller.getClass().getClassLoader());
        loader.setController(controller);
        if (controller instanceof Parent) {
            loader.setRoot(controller);
        }
        try {
            return loader.load();
        } catch (IOException e) {
            throw new UncheckedIOException(fxml, e);
        }
    }

    /**
     * Shows a window of which there is one at a time; one that is open comes to the front.
     *
     * @param qupath QuPath
     * @param titleKey key of the title in {@code strings.properties}; also tells windows apart
     * @param content makes the content when the window is not open yet
     * @return the window
     */
    public static Stage show(
            QuPathGUI qupath, String titleKey, Supplier<? extends Parent> content) {
        Stage open = OPEN.get(titleKey);
        if (open == null) {
            open = stage(qupath, Texts.get(titleKey), content.get());
            OPEN.put(titleKey, open);
            open.setOnHidden(event -> OPEN.remove(titleKey));
            open.show();
            fitToContent(open);
        }
        open.toFront();
        open.requestFocus();
        return open;
    }

    /**
     * A window that is not shown yet.
     *
     * @param qupath QuPath, whose window owns it
     * @param title its title
     * @param content what is in it
     */
    public static Stage stage(QuPathGUI qupath, String title, Parent content) {
        Stage stage = new Stage();
        stage.setTitle(title);
        stage.initModality(Modality.NONE);
        if (qupath != null && qupath.getStage() != null) {
            stage.initOwner(qupath.getStage());
            stage.getIcons().setAll(qupath.getStage().getIcons());
        }
        stage.setScene(new Scene(content));
        FXUtils.addCloseWindowShortcuts(stage);
        return stage;
    }

    /** No smaller than what is in it wants to be, no larger than the screen. */
    private static void fitToContent(Stage stage) {
        stage.sizeToScene();
        var screen = FXUtils.getScreenOrPrimary(stage).getVisualBounds();
        stage.setMinWidth(Math.min(stage.getWidth(), screen.getWidth()));
        stage.setMinHeight(Math.min(stage.getHeight(), screen.getHeight()));
        if (stage.getHeight() > screen.getHeight()) {
            stage.setHeight(screen.getHeight());
        }
    }

    /**
     * Says what went wrong, in a dialog over a window; offers to set up a Python that is missing.
     *
     * @param over a control of the window; null: over QuPath's
     * @param titleKey key of the title
     * @param problem an exception whose message is for a person
     */
    public static void showProblem(Node over, String titleKey, Throwable problem) {
        QuPathGUI qupath = QuPathGUI.getInstance();
        if (!Problems.isOfPython(problem) || qupath == null) {
            showProblem(over, titleKey, Problems.oneLine(problem));
            return;
        }
        ButtonType setUp = new ButtonType(Texts.get("menu.setup"), ButtonData.OK_DONE);
        Dialogs.builder().error().owner(windowOf(over)).title(Texts.get(titleKey))
                .contentText(Problems.oneLine(problem)).resizable()
                .buttons(setUp, ButtonType.CANCEL).showAndWait()
                .filter(setUp::equals).ifPresent(button -> SetupWindow.show(qupath));
    }

    /**
     * Says what went wrong, in a dialog over a window.
     *
     * @param over a control of the window; null: over QuPath's
     * @param titleKey key of the title
     * @param text what is wrong and what to do
     */
    public static void showProblem(Node over, String titleKey, String text) {
        Dialogs.builder().error().owner(windowOf(over)).title(Texts.get(titleKey))
                .contentText(text).resizable().show();
    }

    /** Whether a control's window is on the screen. */
    public static boolean isShowing(Node node) {
        return node.getScene() != null && node.getScene().getWindow() != null
                && node.getScene().getWindow().isShowing();
    }

    /** Closes a control's window if it is on the screen. */
    public static void close(Node node) {
        if (isShowing(node) && node.getScene().getWindow() instanceof Stage stage) {
            stage.hide();
        }
    }

    /** The window that a control is in; QuPath's where it is in none. */
    public static Window windowOf(Node node) {
        return Optional.ofNullable(node).map(Node::getScene).map(Scene::getWindow)
                .orElseGet(Dialogs::getPrimaryWindow);
    }
}
