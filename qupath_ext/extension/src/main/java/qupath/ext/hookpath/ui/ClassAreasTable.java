package qupath.ext.hookpath.ui;

import java.util.Map;
import javafx.scene.control.Label;
import javafx.scene.layout.GridPane;
import javafx.scene.shape.Rectangle;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.predict.PredictSummary;
import qupath.lib.gui.tools.ColorToolsFX;
import qupath.lib.objects.classes.PathClass;

/** Areas by class, in mm² and per cent. */
public final class ClassAreasTable extends GridPane {

    /** An empty one that takes no room. */
    public ClassAreasTable() {
        setHgap(12);
        setVgap(3);
        WindowFactory.fold(this);
        clear();
    }

    /** Shows nothing. */
    public void clear() {
        getChildren().clear();
        setVisible(false);
    }

    /**
     * Shows what was found over all images.
     *
     * @param summary areas by class
     */
    public void show(PredictSummary summary) {
        clear();
        Map<String, Double> areas = summary.areasMm2();
        double sum = areas.values().stream().mapToDouble(Double::doubleValue).sum();
        int row = 0;
        for (Map.Entry<String, Double> area : areas.entrySet()) {
            add(swatch(area.getKey()), 0, row);
            add(new Label(area.getKey()), 1, row);
            add(new Label(UiTexts.get("run.area", area.getValue())), 2, row);
            add(new Label(UiTexts.get("run.share", sum > 0 ? area.getValue() / sum : 0)), 3, row);
            row++;
        }
        setVisible(row > 0);
    }

    private static Rectangle swatch(String className) {
        Rectangle swatch = new Rectangle(10, 10);
        Integer color = PathClass.fromString(className).getColor();
        swatch.setFill(ColorToolsFX.getCachedColor(color));
        return swatch;
    }
}
