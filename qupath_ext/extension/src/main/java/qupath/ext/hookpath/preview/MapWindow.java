package qupath.ext.hookpath.preview;

import java.io.File;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.FormatStyle;
import java.util.ArrayList;
import java.util.List;
import javafx.beans.value.ChangeListener;
import javafx.fxml.FXML;
import javafx.scene.control.Button;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.TitledPane;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.VBox;
import javafx.util.StringConverter;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.Plane;
import qupath.ext.hookpath.core.maps.MapSearch;
import qupath.ext.hookpath.ui.DockablePanel;
import qupath.ext.hookpath.ui.WindowFactory;
import qupath.fx.dialogs.FileChoosers;
import qupath.lib.gui.QuPathGUI;

/** The small panel beside a map: which one, which classes. */
public final class MapWindow extends VBox implements WindowFactory.AtWork {

    private final QuPathGUI qupath;
    private final DockablePanel<MapWindow> dock;
    private final ChangeListener<MapSearch.Found> onChoice = (o, before, after) -> choose(after);

    @FXML private ComboBox<MapSearch.Found> maps;
    @FXML private OverlaySettingsPane layers;
    @FXML private TitledPane redrawing;
    @FXML private RedrawPane redraw;
    @FXML private Label status;
    @FXML private Button move;

    MapWindow(QuPathGUI qupath, DockablePanel<MapWindow> dock) {
        this.qupath = qupath;
        this.dock = dock;
        WindowFactory.load(this, "map-window.fxml");
        dock.movesBy(move);
        layers.bindOpacity(qupath.getOverlayOptions());
        redraw.follow(qupath, layers, () -> choose(maps.getValue()));
        redrawing.expandedProperty().addListener(
                (o, was, is) -> BackgroundThreads.later(dock::fit));
        maps.setConverter(new Names());
        maps.tooltipProperty().bind(maps.valueProperty().map(
                found -> new Tooltip(found.file().toString())));
        maps.setPlaceholder(new Label(UiTexts.get("map.none")));
        maps.valueProperty().addListener(onChoice);
    }

    /** The maps of the image, the best first. */
    void offer(List<MapSearch.Found> found) {
        quietly(() -> maps.getItems().setAll(found));
        status(found.isEmpty() ? UiTexts.get("map.none") : "");
    }

    /** That one is over the image now. */
    void showing(MapOverlay overlay) {
        quietly(() -> {
            MapSearch.Found shown = maps.getItems().stream()
                    .filter(one -> one.file().equals(overlay.file())).findFirst()
                    .orElseGet(() -> MapSearch.Found.of(overlay.file()));
            if (!maps.getItems().contains(shown)) {
                List<MapSearch.Found> all = new ArrayList<>(maps.getItems());
                all.addFirst(shown);
                maps.getItems().setAll(all);
            }
            maps.setValue(shown);
        });
        layers.setProbabilities(overlay.hasProbabilities());
        layers.show(overlay.classes(), overlay.renderer(), overlay::repaint);
        redraw.setMap(overlay.hasProbabilities() ? overlay.file() : null);
        status(overlay.hasProbabilities() ? "" : UiTexts.get("map.classesOnly"));
    }

    /** Standard deviation of a Gaussian that the map is to be shown with; 0: none. */
    double smoothUm() {
        return redraw.smoothUm();
    }

    @Override
    public boolean isAtWork() {
        return redraw.isAtWork();
    }

    void status(String line) {
        status.setText(line);
        dock.fit();
    }

    @FXML
    private void browse() {
        File file = FileChoosers.promptForFile(getScene().getWindow(), UiTexts.get("map.choose"),
                FileChoosers.createExtensionFilter(UiTexts.get("map.files"), "*.tif", "*.tiff"));
        if (file != null) {
            choose(MapSearch.Found.of(file.toPath()));
        }
    }

    @FXML
    private void turnOff() {
        ProbabilityMapCommand.hide();
    }

    private void choose(MapSearch.Found map) {
        if (map != null) {
            ProbabilityMapCommand.show(qupath, map.file());
        }
    }

    private void quietly(Runnable change) {
        maps.valueProperty().removeListener(onChoice);
        change.run();
        maps.valueProperty().addListener(onChoice);
    }

    /** The model's name, when it was used, and the plane: what tells maps of an image apart. */
    private static final class Names extends StringConverter<MapSearch.Found> {

        @Override
        public String toString(MapSearch.Found map) {
            if (map == null) {
                return "";
            }
            String name = map.when() == null ? map.model() : UiTexts.get("map.name", map.model(),
                    DateTimeFormatter.ofLocalizedDateTime(FormatStyle.SHORT)
                            .withZone(ZoneId.systemDefault()).format(map.when()));
            return map.plane().equals(Plane.FIRST) ? name : UiTexts.get(
                    "preview.onPlane", name, map.plane().z(), map.plane().t());
        }

        @Override
        public MapSearch.Found fromString(String text) {
            throw new UnsupportedOperationException("not editable");
        }
    }
}
