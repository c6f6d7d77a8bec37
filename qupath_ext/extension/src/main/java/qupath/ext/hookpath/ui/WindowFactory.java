package qupath.ext.hookpath.ui;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import javafx.fxml.FXMLLoader;
import javafx.scene.Group;
import javafx.scene.Node;
import javafx.scene.Parent;
import javafx.scene.Scene;
import javafx.scene.control.Alert;
import javafx.scene.control.Button;
import javafx.scene.control.ButtonBar.ButtonData;
import javafx.scene.control.ButtonType;
import javafx.scene.control.Dialog;
import javafx.scene.control.MenuItem;
import javafx.scene.control.Tooltip;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyCodeCombination;
import javafx.scene.input.KeyCombination;
import javafx.scene.input.KeyEvent;
import javafx.stage.Modality;
import javafx.stage.Stage;
import javafx.stage.Window;
import javafx.stage.WindowEvent;
import qupath.ext.hookpath.ErrorMessages;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.jobs.MessageWording;
import qupath.ext.hookpath.ui.setup.SetupWindow;
import qupath.fx.dialogs.Dialogs;
import qupath.fx.utils.FXUtils;
import qupath.lib.gui.QuPathGUI;

/**
 * How windows of the extension are made, so that they look and behave like QuPath's own: above the
 * main window, never blocking it, with its icon, closed by Escape. For the JavaFX thread.
 */
public final class WindowFactory {

    private static final Map<String, Stage> OPEN = new HashMap<>();
    private static final Map<String, Parent> KEPT = new HashMap<>();
    private static final List<MenuItem> FORWARDED = new ArrayList<>();
    private static final List<KeyCombination> CLOSING = List.of(
            new KeyCodeCombination(KeyCode.W, KeyCombination.SHORTCUT_DOWN),
            new KeyCodeCombination(KeyCode.ESCAPE));

    private WindowFactory() {}

    /**
     * Loads FXML that lies beside a class, with the texts of {@code strings.properties}.
     *
     * @param controller its controller; a control with {@code fx:root} is the root, too
     * @param fxml name of the file beside the controller's class in the resources
     * @return the root
     */
    public static <T> T load(Object controller, String fxml) {
        URL url = controller.getClass().getResource(fxml);
        FXMLLoader loader = new FXMLLoader(url, UiTexts.BUNDLE);
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
            Parent kept = KEPT.remove(titleKey);
            if (kept != null) {
                kept.getScene().setRoot(new Group());
            }
            Parent shown = kept == null ? content.get() : kept;
            open = stage(qupath, UiTexts.get(titleKey), shown);
            OPEN.put(titleKey, open);
            open.setOnHidden(event -> hidden(titleKey, shown));
            open.show();
            fitToContent(open);
            WindowPlaces.keep(titleKey, open, qupath == null ? null : qupath.getStage());
        }
        open.toFront();
        open.requestFocus();
        return open;
    }

    /** The content of a window that is open; null: it is not. */
    public static <T> T content(String titleKey, Class<T> kind) {
        Stage open = OPEN.get(titleKey);
        Parent root = open == null ? null : open.getScene().getRoot();
        return kind.isInstance(root) ? kind.cast(root) : null;
    }

    /** Lets the key of an item of QuPath's menu work in our windows, too. */
    public static void forward(MenuItem item) {
        FORWARDED.add(item);
    }

    /** Content of a window whose work goes on when it is closed, and is shown by the next one. */
    public interface AtWork {
        /** Whether something is going on in it. */
        boolean isAtWork();
    }

    /** Says something in a notification where nobody sees the window. */
    public static void tellWhereHidden(Node node, String titleKey, String text) {
        if (!isShowing(node) || isBehind(node)) {
            Dialogs.showInfoNotification(UiTexts.get(titleKey), text);
        }
    }

    /** Whether another tab is in front of it. */
    private static boolean isBehind(Node node) {
        return !node.isVisible() || node.getParent() != null && isBehind(node.getParent());
    }

    /** Whether this is a window's content in which something is going on. */
    static boolean isAtWork(Parent content) {
        return content instanceof AtWork busy && busy.isAtWork();
    }

    /** Says that work goes on in a window that was closed, if any does. */
    static void sayWhatGoesOn(String titleKey, Parent content) {
        if (isAtWork(content)) {
            Dialogs.showInfoNotification(UiTexts.get(titleKey), UiTexts.get("jobs.goesOn"));
        }
    }

    private static void hidden(String titleKey, Parent content) {
        OPEN.remove(titleKey);
        if (isAtWork(content)) {
            KEPT.put(titleKey, content);
        }
        sayWhatGoesOn(titleKey, content);
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
        AltKeys.give(content);
        stage.setScene(new Scene(content));
        closeByKey(stage);
        FORWARDED.forEach(item -> stage.getScene().getAccelerators()
                .put(item.getAccelerator(), item::fire));
        return stage;
    }

    /**
     * Escape, or the system's key for closing, closes a window when it is pressed and released in
     * it. QuPath's own way hears the release only: that of a dialog which the press has closed.
     */
    private static void closeByKey(Stage stage) {
        boolean[] pressed = {false};
        stage.addEventHandler(KeyEvent.KEY_PRESSED, event -> pressed[0] = closes(event));
        stage.addEventHandler(KeyEvent.KEY_RELEASED, event -> {
            boolean close = pressed[0] && closes(event);
            pressed[0] = false;
            if (close) {
                event.consume();
                stage.fireEvent(new WindowEvent(stage, WindowEvent.WINDOW_CLOSE_REQUEST));
            }
        });
        stage.focusedProperty().addListener((o, was, is) -> pressed[0] = false);
    }

    private static boolean closes(KeyEvent event) {
        return !event.isConsumed() && CLOSING.stream().anyMatch(key -> key.match(event));
    }

    /**
     * Asks before something that cannot be undone; Enter and Escape both mean no.
     *
     * @param over a control of the window that asks
     * @param titleKey key of the title
     * @param text what would happen
     * @param action label of the button that does it
     */
    public static boolean sure(Node over, String titleKey, String text, String action) {
        ButtonType does = new ButtonType(action, ButtonData.OTHER);
        Dialog<ButtonType> dialog = Dialogs.builder().alertType(Alert.AlertType.CONFIRMATION)
                .owner(windowOf(over)).title(UiTexts.get(titleKey)).headerText(null)
                .contentText(text).buttons(does, ButtonType.CANCEL).resizable().build();
        Button no = (Button) dialog.getDialogPane().lookupButton(ButtonType.CANCEL);
        no.setDefaultButton(true);
        dialog.setOnShown(event -> no.requestFocus());
        return dialog.showAndWait().filter(does::equals).isPresent();
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
        if (!ErrorMessages.isOfPython(problem) || qupath == null) {
            showProblem(over, titleKey, ErrorMessages.oneLine(problem));
            return;
        }
        ButtonType setUp = new ButtonType(UiTexts.get("menu.setup"), ButtonData.OK_DONE);
        Dialogs.builder().error().owner(windowOf(over)).title(UiTexts.get(titleKey))
                .contentText(MessageWording.inWindow(ErrorMessages.oneLine(problem))).resizable()
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
        Dialogs.builder().error().owner(windowOf(over)).title(UiTexts.get(titleKey))
                .contentText(MessageWording.inWindow(text)).resizable().show();
    }

    /** A tooltip of several lines with a text of {@code strings.properties}. */
    public static Tooltip tip(String key) {
        Tooltip tip = new Tooltip(UiTexts.get(key));
        tip.setWrapText(true);
        tip.setMaxWidth(420);
        return tip;
    }

    /** These take no room where they are not seen. */
    public static void fold(Node... parts) {
        for (Node part : parts) {
            part.managedProperty().bind(part.visibleProperty());
        }
    }

    /** Gives a control's window the size that what is in it wants; never QuPath's own. */
    public static void fit(Node node) {
        if (isOurs(node) && node.getScene().getWindow() instanceof Stage stage) {
            stage.sizeToScene();
            WindowPlaces.keepOnScreen(stage);
        }
    }

    /** Whether a control is in a window of the extension, not in a tab of QuPath's. */
    private static boolean isOurs(Node node) {
        return isShowing(node) && OPEN.containsValue(node.getScene().getWindow());
    }

    /** Lets a control's window grow with what is in it, up to the screen's height. */
    public static void growWith(Node node) {
        if (isOurs(node) && node.getScene().getWindow() instanceof Stage stage) {
            double screen = FXUtils.getScreenOrPrimary(stage).getVisualBounds().getHeight();
            double frame = stage.getHeight() - node.getScene().getHeight();
            double wanted = node.getScene().getRoot()
                    .prefHeight(node.getScene().getWidth()) + frame;
            if (wanted > stage.getHeight()) {
                stage.setHeight(Math.min(screen, wanted));
                WindowPlaces.keepOnScreen(stage);
            }
        }
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
                .filter(Window::isShowing)
                .orElseGet(Dialogs::getPrimaryWindow);
    }
}
