package qupath.ext.hookpath.preview;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javafx.beans.value.ChangeListener;
import javafx.fxml.FXML;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.TitledPane;
import javafx.scene.layout.VBox;
import javafx.util.StringConverter;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.ui.WindowFactory;
import qupath.fx.dialogs.FileChoosers;
import qupath.lib.gui.QuPathGUI;

/** The small window beside a map: which one, which classes. */
public final class MapWindow extends VBox implements WindowFactory.AtWork {

    private final QuPathGUI qupath;
    private final ChangeListener<Path> onChoice = (observable, before, after) -> choose(after);

    @FXML private ComboBox<Path> maps;
    @FXML private OverlaySettingsPane layers;
    @FXML private TitledPane redrawing;
    @FXML private RedrawPane redraw;
    @FXML private Label status;

    MapWindow(QuPathGUI qupath) {
        this.qupath = qupath;
        WindowFactory.load(this, "map-window.fxml");
        layers.bindOpacity(qupath.getOverlayOptions());
        redraw.follow(qupath, layers, () -> choose(maps.getValue()));
        redrawing.expandedProperty().addListener((o, was,
                is) -> BackgroundThreads.later(this::fit));
        maps.setConverter(new Names());
        maps.setPlaceholder(new Label(UiTexts.get("map.none")));
        maps.valueProperty().addListener(onChoice);
    }

    /** The maps of the image, the best first. */
    void offer(List<Path> found) {
        quietly(() -> maps.getItems().setAll(found));
        status(found.isEmpty() ? UiTexts.get("map.none") : "");
    }

    /** That one is over the image now. */
    void showing(MapOverlay overlay) {
        quietly(() -> {
            if (!maps.getItems().contains(overlay.file())) {
                List<Path> all = new ArrayList<>(maps.getItems());
                all.add(0, overlay.file());
                maps.getItems().setAll(all);
            }
            maps.setValue(overlay.file());
        });
        layers.setProbabilities(overlay.hasProbabilities());
        layers.show(overlay.classes(), overlay.renderer(), overlay::repaint);
        redraw.setMap(overlay.hasProbabilities() ? overlay.file() : null);
        status(overlay.hasProbabilities() ? "" : UiTexts.get("map.classesOnly"));
        fit();
    }

    /** Standard deviation of a Gaussian that the map is to be shown with; 0: none. */
    double smoothUm() {
        return redraw.smoothUm();
    }

    private void fit() {
        if (isOpen()) {
            getScene().getWindow().sizeToScene();
        }
    }

    @Override
    public boolean isAtWork() {
        return redraw.isAtWork();
    }

    void status(String line) {
        status.setText(line);
    }

    boolean isOpen() {
        return WindowFactory.isShowing(this);
    }

    void close() {
        WindowFactory.close(this);
    }

    @FXML
    private void browse() {
        File file = FileChoosers.promptForFile(getScene().getWindow(), UiTexts.get("map.choose"),
                FileChoosers.createExtensionFilter(UiTexts.get("map.files"), "*.tif", "*.tiff"));
        if (file != null) {
            choose(file.toPath());
        }
    }

    @FXML
    private void turnOff() {
        ProbabilityMapCommand.hide();
    }

    private void choose(Path file) {
        if (file != null) {
            ProbabilityMapCommand.show(qupath, file);
        }
    }

    private void quietly(Runnable change) {
        maps.valueProperty().removeListener(onChoice);
        change.run();
        maps.valueProperty().addListener(onChoice);
    }

    /** The model's, the image's and the file's name: what tells predictions apart. */
    private static final class Names extends StringConverter<Path> {

        private static final int PARTS = 3;

        @Override
        public String toString(Path file) {
            if (file == null) {
                return "";
            }
            int count = file.getNameCount();
            return file.subpath(Math.max(0, count - PARTS), count).toString();
        }

        @Override
        public Path fromString(String text) {
            return null;
        }
    }
}
