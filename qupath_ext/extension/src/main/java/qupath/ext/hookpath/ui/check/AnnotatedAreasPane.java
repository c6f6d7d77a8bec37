package qupath.ext.hookpath.ui.check;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import javafx.animation.PauseTransition;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import javafx.fxml.FXML;
import javafx.scene.control.Button;
import javafx.scene.control.CheckBox;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.Label;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableRow;
import javafx.scene.control.TableView;
import javafx.scene.layout.HBox;
import javafx.scene.layout.VBox;
import javafx.util.Duration;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.evaluation.AreaScore;
import qupath.ext.hookpath.core.evaluation.EvaluationResult;
import qupath.ext.hookpath.ui.TableCells;
import qupath.ext.hookpath.ui.WindowFactory;

/** The list of annotated areas, the most doubtful first, and the way through it. */
public final class AnnotatedAreasPane extends VBox {

    /** So that arrow keys run over rows without opening every image on the way. */
    private static final Duration SETTLED = Duration.millis(250);

    /** What became of an area since it was looked at. */
    enum State { OPEN, RIGHT, CHANGED, GONE }

    private final ObservableList<AreaScore> rows = FXCollections.observableArrayList();
    private final Map<AreaScore, State> states = new HashMap<>();
    private final PauseTransition settled = new PauseTransition(SETTLED);
    private EvaluationResult evaluation;
    private String part = EvaluationResult.ALL;
    private String drawnCell;
    private String predictedCell;
    private Consumer<AreaScore> onChosen = area -> { };
    private Function<AreaScore, State> stateOf = area -> State.OPEN;

    @FXML private HBox cellBar;
    @FXML private Label cell;
    @FXML private Hyperlink clear;
    @FXML private CheckBox hideRight;
    @FXML private TableView<AreaScore> table;
    @FXML private TableColumn<AreaScore, String> image;
    @FXML private TableColumn<AreaScore, String> drawn;
    @FXML private TableColumn<AreaScore, String> predicted;
    @FXML private TableColumn<AreaScore, Double> right;
    @FXML private TableColumn<AreaScore, Double> loss;
    @FXML private TableColumn<AreaScore, String> leftOut;
    @FXML private TableColumn<AreaScore, Double> unsure;
    @FXML private TableColumn<AreaScore, Double> size;
    @FXML private TableColumn<AreaScore, String> state;
    @FXML private Button previous;
    @FXML private Button next;
    @FXML private Button mark;

    private Consumer<AreaScore> onMark = area -> { };

    /** An empty list. */
    public AnnotatedAreasPane() {
        WindowFactory.load(this, "annotated-areas-pane.fxml");
        fillColumns();
        table.setItems(rows);
        table.setRowFactory(view -> new Row());
        table.setPlaceholder(new Label(UiTexts.get("check.noAreas")));
        WindowFactory.fold(cellBar);
        cellBar.setVisible(false);
        hideRight.selectedProperty().addListener((o, was, is) -> list());
        settled.setOnFinished(event ->
                BackgroundThreads.later(this::go));   // QuPath may ask to save
        table.getSelectionModel().selectedItemProperty().addListener((o, was, is) -> {
            if (was != null) {
                look(was);
            }
            buttons();
            if (is != null) {
                settled.playFromStart();
            }
        });
        buttons();
    }

    private void fillColumns() {
        TableCells.show(image, AreaScore::image);
        TableCells.show(drawn, AreaScore::drawn);
        TableCells.show(predicted, area -> area.predicted() == null ? UiTexts.get("check.nothing")
                : area.predicted());
        TableCells.number(right, "check.percent", AreaScore::right);
        TableCells.number(loss, "check.number", AreaScore::loss);
        TableCells.show(leftOut,
                area -> area.leftOut() == null ? "" : UiTexts.get("check.leftOut.value",
                area.leftOut().predicted(), area.leftOut().loss()));
        TableCells.number(unsure, "check.number", AreaScore::uncertainty);
        TableCells.number(size, "check.area.value", AreaScore::areaMm2);
        TableCells.show(state, area -> stateText(states.getOrDefault(area, State.OPEN)));
    }

    private static String stateText(State state) {
        return switch (state) {
            case OPEN -> "";
            case RIGHT -> UiTexts.get("check.state.right");
            case CHANGED -> UiTexts.get("check.state.changed");
            case GONE -> UiTexts.get("check.state.gone");
        };
    }

    /**
     * What happens to areas.
     *
     * @param chosen the viewer is to go to one
     * @param marked one is right as drawn, or not any more
     * @param of what became of one; {@link State#OPEN} also where that is not known
     */
    void setActions(Consumer<AreaScore> chosen, Consumer<AreaScore> marked,
            Function<AreaScore, State> of) {
        onChosen = chosen;
        onMark = marked;
        stateOf = of;
    }

    /** Shows the areas of an evaluation. */
    void show(EvaluationResult found) {
        evaluation = found;
        states.clear();
        found.areas().stream().filter(AreaScore::marked)
                .forEach(area -> states.put(area, State.RIGHT));
        showCell(null, null);
    }

    /** Shows the areas of a part of the split. */
    void showPart(String shown) {
        part = shown;
        list();
    }

    /** Shows the areas behind a cell of the confusion matrix; nulls: all. */
    void showCell(String drawnAs, String predictedAs) {
        drawnCell = drawnAs;
        predictedCell = predictedAs;
        cellBar.setVisible(drawnAs != null);
        cell.setText(drawnAs == null ? "" : UiTexts.get("check.cell", drawnAs, predictedAs));
        list();
    }

    private void list() {
        if (evaluation == null) {
            return;
        }
        AreaScore chosen = table.getSelectionModel().getSelectedItem();
        List<AreaScore> found = new ArrayList<>(
                evaluation.areas(part, drawnCell, predictedCell));
        if (hideRight.isSelected()) {
            found.removeIf(area -> states.get(area) == State.RIGHT);
        }
        rows.setAll(found);
        if (chosen != null && found.contains(chosen)) {
            table.getSelectionModel().select(chosen);
        } else {
            table.getSelectionModel().clearSelection();
        }
        buttons();
    }

    /** Looks what became of an area. */
    void look(AreaScore area) {
        State now = stateOf.apply(area);
        if (now != State.OPEN) {
            states.put(area, now);
        } else if (states.get(area) != State.RIGHT) {
            states.remove(area);
        }
        table.refresh();
    }

    /** Says what became of an area. */
    void put(AreaScore area, State now) {
        states.put(area, now);
        table.refresh();
        buttons();
    }

    private void go() {
        AreaScore area = table.getSelectionModel().getSelectedItem();
        if (area != null) {
            onChosen.accept(area);
        }
    }

    private void buttons() {
        int at = table.getSelectionModel().getSelectedIndex();
        AreaScore area = table.getSelectionModel().getSelectedItem();
        previous.setDisable(at <= 0);
        next.setDisable(rows.isEmpty() || at >= rows.size() - 1);
        mark.setDisable(area == null);
        mark.setText(UiTexts.get(area != null && states.get(area) == State.RIGHT
                ? "check.unmark" : "check.mark"));
    }

    @FXML
    private void clear() {
        clear.setVisited(false);
        showCell(null, null);
    }

    @FXML
    private void previous() {
        select(Math.max(0, table.getSelectionModel().getSelectedIndex() - 1));
    }

    /** The next area that waits; else the next row. */
    @FXML
    private void next() {
        int at = table.getSelectionModel().getSelectedIndex();
        for (int i = at + 1; i < rows.size(); i++) {
            if (states.getOrDefault(rows.get(i), State.OPEN) == State.OPEN) {
                select(i);
                return;
            }
        }
        select(Math.min(rows.size() - 1, at + 1));
    }

    @FXML
    private void mark() {
        AreaScore area = table.getSelectionModel().getSelectedItem();
        boolean wasRight = states.get(area) == State.RIGHT;
        onMark.accept(area.marked(!wasRight));
        states.put(area, wasRight ? State.OPEN : State.RIGHT);
        table.refresh();
        if (!wasRight) {
            next();
        }
        if (hideRight.isSelected()) {
            list();
        }
        buttons();
    }

    private void select(int row) {
        table.getSelectionModel().clearAndSelect(row);
        table.scrollTo(Math.max(0, row - 2));
    }

    /** What is dealt with is fainter. */
    private final class Row extends TableRow<AreaScore> {

        @Override
        protected void updateItem(AreaScore area, boolean empty) {
            super.updateItem(area, empty);
            boolean done = !empty && area != null
                    && states.getOrDefault(area, State.OPEN) != State.OPEN;
            setOpacity(done ? 0.55 : 1);
        }
    }
}
