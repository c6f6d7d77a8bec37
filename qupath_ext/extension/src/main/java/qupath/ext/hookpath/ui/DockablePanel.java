package qupath.ext.hookpath.ui;

import javafx.beans.property.BooleanProperty;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.scene.Group;
import javafx.scene.Parent;
import javafx.scene.control.ContextMenu;
import javafx.scene.control.MenuItem;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.Tab;
import javafx.stage.Stage;
import javafx.stage.WindowEvent;
import qupath.ext.hookpath.UiTexts;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.gui.prefs.PathPrefs;

/**
 * A panel that is a tab of QuPath's analysis pane or a window of its own, wherever a person put it
 * last. For the JavaFX thread.
 */
public final class DockablePanel {

    private final String titleKey;
    private final Runnable onClosed;
    private final BooleanProperty docked;
    private QuPathGUI qupath;
    private Parent content;
    private Tab tab;
    private Stage stage;
    private boolean moving;

    /**
     * One that is closed.
     *
     * @param titleKey key of the title in {@code strings.properties}; also tells panels apart
     * @param onClosed called when it is closed, by whomever
     */
    public DockablePanel(String titleKey, Runnable onClosed) {
        this.titleKey = titleKey;
        this.onClosed = onClosed;
        this.docked = PathPrefs.createPersistentPreference("hookpath.docked." + titleKey, false);
    }

    /** Whether it is a tab, or will be one when it is opened. */
    public ReadOnlyBooleanProperty dockedProperty() {
        return docked;
    }

    /** Whether it is a tab or a window now. */
    public boolean isOpen() {
        return content != null;
    }

    /** Opens it with something in it; it must be closed. */
    public void open(QuPathGUI gui, Parent shown) {
        qupath = gui;
        content = shown;
        place();
    }

    /** Brings it to the front if it is open. */
    public void toFront() {
        if (stage != null) {
            stage.toFront();
            stage.requestFocus();
        } else if (tab != null) {
            qupath.showAnalysisPaneProperty().set(true);
            tab.getTabPane().getSelectionModel().select(tab);
        }
    }

    /** From the window into the pane, or back. */
    public void move() {
        docked.set(!docked.get());
        if (isOpen()) {
            moving = true;
            takeOut();
            moving = false;
            place();
        }
    }

    /** A window grows where what is in it needs it, and does not shrink again. */
    public void fit() {
        if (stage != null) {
            WindowFactory.growWith(content);
        }
    }

    /** Closes it if it is open. */
    public void close() {
        if (isOpen()) {
            takeOut();
        }
    }

    private void place() {
        if (docked.get()) {
            tab = new Tab(UiTexts.get(titleKey), scrolled());
            tab.setContextMenu(new ContextMenu(
                    item("dock.undock", this::move), item("dock.close", this::close)));
            qupath.getAnalysisTabPane().getTabs().add(tab);
            toFront();
        } else {
            stage = WindowFactory.show(qupath, titleKey, () -> content);
            stage.addEventHandler(WindowEvent.WINDOW_HIDDEN, event -> left());
        }
    }

    private ScrollPane scrolled() {
        ScrollPane pane = new ScrollPane(content);
        pane.setFitToWidth(true);
        pane.setHbarPolicy(ScrollPane.ScrollBarPolicy.NEVER);
        return pane;
    }

    private static MenuItem item(String key, Runnable action) {
        MenuItem made = new MenuItem(UiTexts.get(key));
        made.setOnAction(event -> action.run());
        return made;
    }

    private void takeOut() {
        if (stage != null) {
            AltKeys.take(content);  // in the pane, Alt's letters are those of QuPath's menus
            Stage last = stage;
            last.hide();    // comes to left()
            last.getScene().setRoot(new Group());
        } else {
            ((ScrollPane) tab.getContent()).setContent(null);
            tab.getTabPane().getTabs().remove(tab);
            left();
        }
    }

    private void left() {
        stage = null;
        tab = null;
        if (!moving) {
            content = null;
            onClosed.run();
        }
    }
}
