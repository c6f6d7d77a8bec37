package qupath.ext.hookpath.ui;

import javafx.fxml.FXML;
import javafx.scene.layout.VBox;
import qupath.lib.gui.QuPathGUI;

/** <em>Models…</em>: all models with where they come from; rename, delete, export, import. */
public final class ModelsWindow extends VBox {

    @FXML private ModelTable models;

    private ModelsWindow(QuPathGUI qupath) {
        WindowFactory.load(this, "models-window.fxml");
        models.follow(qupath);
    }

    /** Shows the window, or brings it to the front. */
    public static void show(QuPathGUI qupath) {
        WindowFactory.show(qupath, "models.title", () -> new ModelsWindow(qupath));
    }

    @FXML
    private void close() {
        WindowFactory.close(this);
    }
}
