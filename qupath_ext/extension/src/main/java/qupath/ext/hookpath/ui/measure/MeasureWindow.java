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
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.OpenImage;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.evaluation.RegionMeasurements;
import qupath.ext.hookpath.core.jobs.JobOutcome;
import qupath.ext.hookpath.measure.MeasureJob;
import qupath.ext.hookpath.measure.MeasureSummary;
import qupath.ext.hookpath.ui.JobPane;
import qupath.ext.hookpath.ui.TableCells;
import qupath.ext.hookpath.ui.WindowFactory;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.images.ImageData;
import qupath.lib.objects.classes.PathClass;
import qupath.lib.projects.Project;

/** <em>Measure…</em>: areas and percentages by class inside annotations and TMA cores. */
public final class MeasureWindow extends VBox implements WindowFactory.AtWork {

    private static final String TITLE = "measure.title";

    /** Choices that are no class. */
    private static final String REGIONS = "";
    private static final String ANY = "*";

    /** A line of the table. */
    private record Row(String image, RegionMeasurements.Region region) {}

    private final QuPathGUI qupath;
    private final ChangeListener<Project<BufferedImage>> onProject = (o, was, is) -> load();
    private MeasureSummary summary;
    private boolean writing;

    @FXML private RadioButton current;
    @FXML private RadioButton all;
    @FXML private ComboBox<String> inside;
    @FXML private Button run;
    @FXML private JobPane job;
    @FXML private Label said;
    @FXML private TableView<Row> table;
    @FXML private Button open;

    private MeasureWindow(QuPathGUI qupath) {
        this.qupath = qupath;
        WindowFactory.load(this, "measure-window.fxml");
        inside.setConverter(new Insides());
        current.disableProperty().bind(qupath.imageDataProperty().isNull());
        all.disableProperty().bind(qupath.projectProperty().isNull());
        run.disableProperty().bind(job.runningProperty()
                .or(qupath.imageDataProperty().isNull().and(current.selectedProperty()))
                .or(qupath.projectProperty().isNull().and(all.selectedProperty())));
        WindowFactory.fold(job, table);
        table.setVisible(false);
        job.setVisible(false);
        open.setDisable(true);
        qupath.projectProperty().addListener(new WeakChangeListener<>(onProject));
        load();
    }

    /** Shows the window, or brings it to the front. */
    public static void show(QuPathGUI qupath) {
        WindowFactory.show(qupath, TITLE, () -> new MeasureWindow(qupath));
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
        said.setText(UiTexts.get("measure.explained"));
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
        MeasureJob[] made = new MeasureJob[1];
        job.run(onEvent -> {
            made[0] = one ? MeasureJob.of(OpenImage.of(data, project), project, arguments)
                    : MeasureJob.of(project, project.getImageList(), arguments);
            return made[0].start(onEvent);
        }, outcome -> ended(made[0], outcome), this::failed);
    }

    private void ended(MeasureJob done, JobOutcome outcome) {
        job.setVisible(false);
        if (job.wasCancelled()) {
            said.setText(UiTexts.get("measure.cancelled"));
            return;
        }
        writing = true;
        BackgroundThreads.work(() -> done.finish(outcome), this::show, this::failed);
    }

    private void show(MeasureSummary found) {
        writing = false;
        summary = found;
        qupath.refreshProject();
        said.setText(UiTexts.get("measure.done", found.images().size(), found.regions()));
        fill(found);
        table.setVisible(!found.images().isEmpty());
        open.setDisable(found.images().isEmpty());
        getScene().getWindow().sizeToScene();
        WindowFactory.tellWhereHidden(this, TITLE, said.getText());
        if (!found.problems().isEmpty()) {
            WindowFactory.showProblem(this, TITLE, String.join("\n", found.problems()));
        }
    }

    private void fill(MeasureSummary found) {
        table.getColumns().clear();
        List<Row> rows = new ArrayList<>();
        Set<String> classes = new LinkedHashSet<>();
        for (RegionMeasurements image : found.images()) {
            for (RegionMeasurements.Region region : image.regions()) {
                rows.add(new Row(image.image(), region));
                classes.addAll(region.areasMm2().keySet());
            }
        }
        column(UiTexts.get("measure.image"), 160, Row::image);
        column(UiTexts.get("measure.region"), 120, row -> named(row.region()));
        column(UiTexts.get("measure.mm2"), 80, row -> UiTexts.get("train.mm2", row.region().mm2()));
        column(UiTexts.get("measure.covered"), 80, row -> percent(row.region().covered()));
        for (String name : classes) {
            column(name, 130, row -> cell(row.region(), name));
        }
        table.getItems().setAll(rows);
    }

    private void column(String title, double width, Function<Row, String> text) {
        TableColumn<Row, String> column = new TableColumn<>(title);
        column.setPrefWidth(width);
        TableCells.show(column, text);
        table.getColumns().add(column);
    }

    private static String named(RegionMeasurements.Region region) {
        if (!region.name().isEmpty()) {
            return region.name();
        }
        return region.className().isEmpty() ? UiTexts.get("measure.kind." + region.kind())
                : region.className();
    }

    private static String cell(RegionMeasurements.Region region, String name) {
        Double area = region.areasMm2().get(name);
        Double share = region.percent().get(name);
        if (area == null || area == 0) {
            return "–";
        }
        return UiTexts.get("measure.cell", area, share == null ? 0 : share / 100);
    }

    private static String percent(double value) {
        return Double.isNaN(value) ? "–" : UiTexts.get("check.percent", value / 100);
    }

    private void failed(Throwable problem) {
        writing = false;
        job.setVisible(false);
        said.setText(UiTexts.get("measure.explained"));
        WindowFactory.showProblem(this, TITLE, problem);
    }

    @FXML
    private void openTable() {
        QuPathGUI.openInBrowser(summary.table().toUri().toString());
    }

    @FXML
    private void close() {
        WindowFactory.close(this);
    }

    /** Classes by their names, and what is no class in words. */
    private static final class Insides extends StringConverter<String> {

        @Override
        public String toString(String choice) {
            return choice == null ? "" : switch (choice) {
                case REGIONS -> UiTexts.get("measure.inside.regions");
                case ANY -> UiTexts.get("measure.inside.any");
                default -> UiTexts.get("measure.inside.class", choice);
            };
        }

        @Override
        public String fromString(String text) {
            throw new UnsupportedOperationException("not editable");
        }
    }
}
