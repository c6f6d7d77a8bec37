package qupath.ext.hookpath.ui.measure;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import javafx.beans.value.ChangeListener;
import javafx.beans.value.WeakChangeListener;
import javafx.fxml.FXML;
import javafx.scene.control.Button;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.RadioButton;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableView;
import javafx.scene.layout.VBox;
import javafx.util.StringConverter;
import qupath.ext.hookpath.OpenImage;
import qupath.ext.hookpath.Texts;
import qupath.ext.hookpath.Threads;
import qupath.ext.hookpath.core.JobOutcome;
import qupath.ext.hookpath.core.RegionMeasures;
import qupath.ext.hookpath.measure.MeasureSummary;
import qupath.ext.hookpath.measure.Measuring;
import qupath.ext.hookpath.ui.Cells;
import qupath.ext.hookpath.ui.JobView;
import qupath.ext.hookpath.ui.Windows;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.images.ImageData;
import qupath.lib.objects.classes.PathClass;
import qupath.lib.projects.Project;

/** <em>Measure…</em>: areas and percentages by class inside annotations and TMA cores. */
public final class MeasureWindow extends VBox implements Windows.AtWork {

    private static final String TITLE = "measure.title";

    /** Choices that are no class. */
    private static final String REGIONS = "";
    private static final String ANY = "*";

    /** A line of the table. */
    private record Row(String image, RegionMeasures.Region region) {}

    private final QuPathGUI qupath;
    private final ChangeListener<Project<BufferedImage>> onProject = (o, was, is) -> load();
    private MeasureSummary summary;
    private boolean writing;

    @FXML private RadioButton current;
    @FXML private RadioButton all;
    @FXML private ComboBox<String> inside;
    @FXML private Button run;
    @FXML private JobView job;
    @FXML private Label said;
    @FXML private TableView<Row> table;
    @FXML private Button open;

    private MeasureWindow(QuPathGUI qupath) {
        this.qupath = qupath;
        Windows.load(this, "measure-window.fxml");
        inside.setConverter(new Insides());
        current.disableProperty().bind(qupath.imageDataProperty().isNull());
        all.disableProperty().bind(qupath.projectProperty().isNull());
        run.disableProperty().bind(job.runningProperty()
                .or(qupath.imageDataProperty().isNull().and(current.selectedProperty()))
                .or(qupath.projectProperty().isNull().and(all.selectedProperty())));
        Windows.fold(job, table);
        table.setVisible(false);
        job.setVisible(false);
        open.setDisable(true);
        qupath.projectProperty().addListener(new WeakChangeListener<>(onProject));
        load();
    }

    /** Shows the window, or brings it to the front. */
    public static void show(QuPathGUI qupath) {
        Windows.show(qupath, TITLE, () -> new MeasureWindow(qupath));
    }

    @Override
    public boolean isAtWork() {
        return job.runningProperty().get() || writing;
    }

    private void load() {
        if (isAtWork()) {
            return;
        }
        List<String> choices = new ArrayList<>(List.of(REGIONS, ANY));
        qupath.getAvailablePathClasses().stream()
                .filter(known -> known != null && known != PathClass.NULL_CLASS)
                .forEach(known -> choices.add(known.toString()));
        inside.getItems().setAll(choices);
        inside.setValue(REGIONS);
        summary = null;
        table.setVisible(false);
        open.setDisable(true);
        said.setText(Texts.get("measure.explained"));
    }

    @FXML
    private void run() {
        Map<String, Object> arguments = new LinkedHashMap<>();
        arguments.put("inside", REGIONS.equals(inside.getValue()) ? null : inside.getValue());
        Project<BufferedImage> project = qupath.getProject();
        ImageData<BufferedImage> data = qupath.getImageData();
        boolean one = current.isSelected();
        said.setText("");
        job.setVisible(true);
        getScene().getWindow().sizeToScene();
        Measuring[] made = new Measuring[1];
        job.run(onEvent -> {
            made[0] = one ? Measuring.of(OpenImage.of(data, project), project, arguments)
                    : Measuring.of(project, project.getImageList(), arguments);
            return made[0].start(onEvent);
        }, outcome -> ended(made[0], outcome), this::failed);
    }

    private void ended(Measuring done, JobOutcome outcome) {
        job.setVisible(false);
        if (job.wasCancelled()) {
            said.setText(Texts.get("measure.cancelled"));
            return;
        }
        writing = true;
        Threads.work(() -> done.finish(outcome), this::show, this::failed);
    }

    private void show(MeasureSummary found) {
        writing = false;
        summary = found;
        qupath.refreshProject();
        said.setText(Texts.get("measure.done", found.images().size(), found.regions()));
        fill(found);
        table.setVisible(!found.images().isEmpty());
        open.setDisable(found.images().isEmpty());
        getScene().getWindow().sizeToScene();
        Windows.tellWhereHidden(this, TITLE, said.getText());
        if (!found.problems().isEmpty()) {
            Windows.showProblem(this, TITLE, String.join("\n", found.problems()));
        }
    }

    private void fill(MeasureSummary found) {
        table.getColumns().clear();
        List<Row> rows = new ArrayList<>();
        Set<String> classes = new LinkedHashSet<>();
        for (RegionMeasures image : found.images()) {
            for (RegionMeasures.Region region : image.regions()) {
                rows.add(new Row(image.image(), region));
                classes.addAll(region.areasMm2().keySet());
            }
        }
        column(Texts.get("measure.image"), 160, Row::image);
        column(Texts.get("measure.region"), 120, row -> named(row.region()));
        column(Texts.get("measure.mm2"), 80, row -> Texts.get("train.mm2", row.region().mm2()));
        column(Texts.get("measure.covered"), 80, row -> percent(row.region().covered()));
        for (String name : classes) {
            column(name, 130, row -> cell(row.region(), name));
        }
        table.getItems().setAll(rows);
    }

    private void column(String title, double width, Function<Row, String> text) {
        TableColumn<Row, String> column = new TableColumn<>(title);
        column.setPrefWidth(width);
        Cells.show(column, text);
        table.getColumns().add(column);
    }

    private static String named(RegionMeasures.Region region) {
        if (!region.name().isEmpty()) {
            return region.name();
        }
        return region.className().isEmpty() ? Texts.get("measure.kind." + region.kind())
                : region.className();
    }

    private static String cell(RegionMeasures.Region region, String name) {
        Double area = region.areasMm2().get(name);
        Double share = region.percent().get(name);
        if (area == null || area == 0) {
            return "–";
        }
        return Texts.get("measure.cell", area, share == null ? 0 : share / 100);
    }

    private static String percent(double value) {
        return Double.isNaN(value) ? "–" : Texts.get("check.percent", value / 100);
    }

    private void failed(Throwable problem) {
        writing = false;
        job.setVisible(false);
        said.setText(Texts.get("measure.explained"));
        Windows.showProblem(this, TITLE, problem);
    }

    @FXML
    private void openTable() {
        QuPathGUI.openInBrowser(summary.table().toUri().toString());
    }

    @FXML
    private void close() {
        Windows.close(this);
    }

    /** Classes by their names, and what is no class in words. */
    private static final class Insides extends StringConverter<String> {

        @Override
        public String toString(String choice) {
            return choice == null ? "" : switch (choice) {
                case REGIONS -> Texts.get("measure.inside.regions");
                case ANY -> Texts.get("measure.inside.any");
                default -> Texts.get("measure.inside.class", choice);
            };
        }

        @Override
        public String fromString(String text) {
            throw new UnsupportedOperationException("not editable");
        }
    }
}
