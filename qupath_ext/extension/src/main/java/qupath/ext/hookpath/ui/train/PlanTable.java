package qupath.ext.hookpath.ui.train;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import javafx.application.Platform;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.beans.property.SimpleObjectProperty;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import javafx.collections.transformation.FilteredList;
import javafx.collections.transformation.SortedList;
import javafx.fxml.FXML;
import javafx.scene.control.Label;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableView;
import javafx.scene.control.TextField;
import javafx.scene.layout.VBox;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.ProjectAnnotations;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.training.AnnotatedImage;
import qupath.ext.hookpath.core.training.RoleSuggestion;
import qupath.ext.hookpath.core.training.TrainingPlan;
import qupath.ext.hookpath.core.training.TrainingRole;
import qupath.ext.hookpath.train.ImageRoles;
import qupath.ext.hookpath.ui.TableCells;
import qupath.ext.hookpath.ui.WindowFactory;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;

/** Images with their annotated area by class and what each is for; classes can be switched off. */
public final class PlanTable extends VBox {

    private static final double LEAST_NAME_PX = 190;
    private static final double WIDEST_CLASS_PX = 190;
    private static final double BAR_PX = 20;

    private final ReadOnlyObjectWrapper<TrainingPlan> plan = new ReadOnlyObjectWrapper<>();
    private final Set<String> off = new HashSet<>();
    private final Set<String> suggested = new HashSet<>();
    private Project<BufferedImage> project;
    private Consumer<Throwable> onProblem = problem -> { };
    private int generation;
    private double lineWidthUm;

    private final ObservableList<AnnotatedImage> images = FXCollections.observableArrayList();

    @FXML private TextField filter;
    @FXML private TableView<AnnotatedImage> table;
    @FXML private TableColumn<AnnotatedImage, AnnotatedImage> image;
    @FXML private TableColumn<AnnotatedImage, TrainingRole> role;
    private final TableColumn<AnnotatedImage, String> left = new TableColumn<>();
    @FXML private Label state;

    /** An empty one; see {@link #load}. */
    public PlanTable() {
        WindowFactory.load(this, "plan-table.fxml");
        image.setCellValueFactory(cell -> new SimpleObjectProperty<>(cell.getValue()));
        image.setCellFactory(column -> new ImageCell());
        image.setComparator(Comparator.comparing(AnnotatedImage::name));
        role.setCellValueFactory(cell -> new SimpleObjectProperty<>(cell.getValue().role()));
        role.setCellFactory(column -> new RoleCell(suggested, this::decide));
        left.setCellValueFactory(cell -> new ReadOnlyStringWrapper(
                cell.getValue().leftMm2() > 0 ? area(cell.getValue().leftMm2()) : ""));
        left.setStyle("-fx-alignment: center-right;");
        left.setSortable(false);
        left.setPrefWidth(110);
        Label head = new Label(UiTexts.get("train.left"));
        head.setTooltip(WindowFactory.tip("train.left.tooltip"));
        left.setGraphic(head);
        FilteredList<AnnotatedImage> shown = TableCells.filtered(images, filter,
                AnnotatedImage::name);
        SortedList<AnnotatedImage> sorted = new SortedList<>(shown);
        sorted.comparatorProperty().bind(table.comparatorProperty());
        table.setItems(sorted);
        table.widthProperty().addListener((o, was, is) -> fill());
    }

    /** The names get the room that the other columns leave. */
    private void fill() {
        double others = table.getColumns().stream().filter(c -> c != image)
                .mapToDouble(TableColumn::getPrefWidth).sum();
        image.setPrefWidth(Math.max(LEAST_NAME_PX, table.getWidth() - others - BAR_PX));
    }

    /** What would be learned from as the table stands; null while it is being read. */
    ReadOnlyObjectProperty<TrainingPlan> planProperty() {
        return plan.getReadOnlyProperty();
    }

    /** Classes that are annotated but switched off. */
    boolean isSomethingOff() {
        return !off.isEmpty();
    }

    /** Hears why roles could not be written. */
    void setOnProblem(Consumer<Throwable> onProblem) {
        this.onProblem = onProblem;
    }

    /** Reads what is annotated in a project, image by image, in the background. */
    void load(Project<BufferedImage> of) {
        project = of;
        int mine = ++generation;
        plan.set(null);
        table.setPlaceholder(new Label(UiTexts.get("train.why.reading")));
        filter.clear();
        images.clear();
        suggested.clear();
        List<ProjectImageEntry<BufferedImage>> entries =
                of == null ? List.of() : List.copyOf(of.getImageList());
        BackgroundThreads.background().execute(() -> read(of, entries, mine));
    }

    /** Reads one image again, such as one that a person draws on. */
    void refresh(ProjectImageEntry<BufferedImage> entry) {
        Project<BufferedImage> of = project;
        int mine = generation;
        if (of == null || plan.get() == null) {
            return;
        }
        BackgroundThreads.background().execute(() -> {
            AnnotatedImage found = ProjectAnnotations.of(of, entry);
            Platform.runLater(() -> {
                if (mine == generation) {
                    replace(found);
                }
            });
        });
    }

    /** Lines and points count as areas of this width in µm; 0: they do not count. */
    void setLineWidth(double um) {
        lineWidthUm = um;
        if (plan.get() != null) {
            images.replaceAll(i -> i.withLines(um));
            update();
        }
    }

    /** Roles of all images as the table shows them. */
    Map<String, TrainingRole> roles() {
        Map<String, TrainingRole> roles = new LinkedHashMap<>();
        images.forEach(i -> roles.put(i.id(), i.role()));
        return roles;
    }

    @FXML
    private void reload() {
        load(project);
    }

    @FXML
    private void suggest() {
        Map<String, TrainingRole> found = RoleSuggestion.of(List.copyOf(images), classesOn());
        suggested.addAll(found.keySet());
        images.replaceAll(i ->
                found.containsKey(i.id()) ? i.with(found.get(i.id())) : i);
        update();
    }

    private void read(Project<BufferedImage> of,
            List<ProjectImageEntry<BufferedImage>> entries, int mine) {
        List<AnnotatedImage> found = new ArrayList<>();
        for (ProjectImageEntry<BufferedImage> entry : entries) {
            if (mine != generation) {
                return;
            }
            found.add(ProjectAnnotations.of(of, entry));
            int done = found.size();
            Platform.runLater(() -> {
                if (mine == generation) {
                    state.setText(UiTexts.get("train.reading", done, entries.size()));
                }
            });
        }
        Platform.runLater(() -> {
            if (mine == generation) {
                loaded(found);
            }
        });
    }

    /** Images with drawings come first; roles are suggested where nobody has decided any. */
    private void loaded(List<AnnotatedImage> found) {
        List<AnnotatedImage> sorted = new ArrayList<>(
                found.stream().map(i -> i.withLines(lineWidthUm)).toList());
        sorted.sort(Comparator.comparing(i -> i.mm2().isEmpty()));
        table.setPlaceholder(new Label(UiTexts.get("train.why.noImages")));
        images.setAll(sorted);
        state.setText("");
        if (found.stream().allMatch(i -> i.role() == null)) {
            suggest();
        } else {
            update();
        }
    }

    private void replace(AnnotatedImage read) {
        AnnotatedImage found = read.withLines(lineWidthUm);
        images.replaceAll(i -> i.id().equals(found.id()) && !sameArea(i, found)
                ? found.with(i.role()) : i);
        update();
    }

    private static boolean sameArea(AnnotatedImage one, AnnotatedImage other) {
        return one.mm2().equals(other.mm2()) && one.thin().equals(other.thin())
                && one.leftMm2() == other.leftMm2();
    }

    private void decide(AnnotatedImage changed, TrainingRole to) {
        suggested.remove(changed.id());
        images.replaceAll(i -> i.id().equals(changed.id()) ? i.with(to) : i);
        update();
        Project<BufferedImage> of = project;
        Map<String, TrainingRole> one = new LinkedHashMap<>();
        one.put(changed.id(), to);
        BackgroundThreads.work(() -> {
            ImageRoles.write(of, one);
            return null;
        }, nothing -> { }, onProblem::accept);
    }

    private Set<String> classesOn() {
        Set<String> on = new LinkedHashSet<>(drawn());
        on.removeAll(off);
        return on;
    }

    private Set<String> drawn() {
        List<String> known = project == null ? List.of() : project.getPathClasses().stream()
                .filter(c -> c != null).map(Object::toString).toList();
        return TrainingPlan.drawn(known, images);
    }

    private void update() {
        Set<String> drawn = drawn();
        off.retainAll(drawn);
        List<TableColumn<AnnotatedImage, ?>> columns = new ArrayList<>(List.of(image, role));
        drawn.forEach(name -> columns.add(classColumn(name)));
        if (images.stream().anyMatch(i -> i.leftMm2() > 0)) {
            columns.add(left);
        }
        table.getColumns().setAll(columns);
        fill();
        plan.set(new TrainingPlan(images, classesOn()));
    }

    private TableColumn<AnnotatedImage, String> classColumn(String name) {
        TableColumn<AnnotatedImage, String> column = new TableColumn<>();
        double total = images.stream().mapToDouble(i -> i.mm2().getOrDefault(name, 0.0))
                .filter(Double::isFinite).sum();
        column.setGraphic(new ClassHeader(name, total, !off.contains(name), on -> {
            if (on ? off.remove(name) : off.add(name)) {
                update();
            }
        }));
        column.setCellValueFactory(cell -> new ReadOnlyStringWrapper(
                area(cell.getValue().mm2().get(name))));
        column.setStyle("-fx-alignment: center-right;"
                + (off.contains(name) ? " -fx-opacity: 0.4;" : ""));
        column.setSortable(false);
        column.setPrefWidth(Math.min(WIDEST_CLASS_PX, Math.max(110, 60 + 8 * name.length())));
        return column;
    }

    private static String area(Double mm2) {
        return mm2 == null ? "" : mm2.isNaN() ? "?" : UiTexts.get("train.mm2", mm2);
    }
}
