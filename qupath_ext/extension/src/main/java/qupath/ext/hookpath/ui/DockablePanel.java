package qupath.ext.hookpath.ui;

import java.util.function.Supplier;
import javafx.beans.property.BooleanProperty;
import javafx.scene.Parent;
import javafx.scene.control.Button;
import javafx.scene.control.ContextMenu;
import javafx.scene.control.MenuItem;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.Tab;
import javafx.scene.layout.StackPane;
import javafx.stage.Stage;
import javafx.stage.WindowEvent;
import qupath.ext.hookpath.UiTexts;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.gui.prefs.PathPrefs;

/**
 * A panel that is a tab of QuPath's analysis pane or a window of its own, wherever a person put it
 * last. For the JavaFX thread.
 *
 * @param <T> what is in it
 */
public final class DockablePanel<T extends Parent> {

    private final String titleKey;
    private final Runnable onClosed;
    private final BooleanProperty docked;
    private QuPathGUI qupath;
    private T content;
    private boolean open;
    private Tab tab;
    private Stage stage;
    private StackPane holder;
    private Button mover = new Button();
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

    /** Whether it is a tab or a window now. */
    public boolean isOpen() {
        return open;
    }

    /**
     * Opens it, or brings it to the front.
     *
     * @param gui QuPath
     * @param make makes what is in it; not asked while it is open, or still at work
     * @return what is in it
     */
    public T show(QuPathGUI gui, Supplier<T> make) {
        if (open) {
            toFront();
        } else {
            qupath = gui;
            open = true;
            if (!WindowFactory.isAtWork(content)) {
                content = make.get();
            }
            place();
        }
        return content;
    }

    /** What was in it last; null: it was never open. */
    public T content() {
        return content;
    }

    /** A button that is in it moves it from the window into the pane, and back. */
    public void movesBy(Button button) {
        mover = button;
        mover.setOnAction(event -> move());
        nameMover();
    }

    private void nameMover() {
        mover.setText(UiTexts.get(docked.get() ? "dock.undock" : "dock.dock"));
    }

    private void toFront() {
        if (stage != null) {
            stage.toFront();
            stage.requestFocus();
        } else if (tab != null) {
            qupath.showAnalysisPaneProperty().set(true);
            tab.getTabPane().getSelectionModel().select(tab);
        }
    }

    private void move() {
        docked.set(!docked.get());
        moving = true;
        takeOut();
        moving = false;
        nameMover();
        place();
    }

    /** A window grows where what is in it needs it, and does not shrink again. */
    public void fit() {
        if (stage != null) {
            WindowFactory.growWith(content);
        }
    }

    /** Closes it if it is open. */
    public void close() {
        if (open) {
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
            holder = new StackPane(content);
            stage = WindowFactory.show(qupath, titleKey, () -> holder);
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
            stage.hide();   // comes to left()
        } else {
            ((ScrollPane) tab.getContent()).setContent(null);
            tab.getTabPane().getTabs().remove(tab);
            left();
        }
    }

    private void left() {
        stage = null;
        tab = null;
        if (holder != null) {
            holder.getChildren().clear();
            holder = null;
        }
        if (!moving) {
            open = false;
            WindowFactory.sayWhatGoesOn(titleKey, content);
            onClosed.run();
        }
    }
}
