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
import qupath.ext.hookpath.Texts;
import qupath.ext.hookpath.Threads;
import qupath.ext.hookpath.core.Evaluation;
import qupath.ext.hookpath.core.JudgedArea;
import qupath.ext.hookpath.ui.Cells;
import qupath.ext.hookpath.ui.Windows;

/** The list of annotated areas, the most doubtful first, and the way through it. */
public final class AreasPane extends VBox {

    /** So that arrow keys run over rows without opening every image on the way. */
    private static final Duration SETTLED = Duration.millis(250);

    /** What became of an area since it was looked at. */
    enum State { OPEN, RIGHT, CHANGED, GONE }

    private final ObservableList<JudgedArea> rows = FXCollections.observableArrayList();
    private final Map<JudgedArea, State> states = new HashMap<>();
    private final PauseTransition settled = new PauseTransition(SETTLED);
    private Evaluation evaluation;
    private String part = Evaluation.ALL;
    private String drawnCell;
    private String predictedCell;
    private Consumer<JudgedArea> onChosen = area -> { };
    private Function<JudgedArea, State> stateOf = area -> State.OPEN;

    @FXML private HBox cellBar;
    @FXML private Label cell;
    @FXML private Hyperlink clear;
    @FXML private CheckBox hideRight;
    @FXML private TableView<JudgedArea> table;
    @FXML private TableColumn<JudgedArea, String> image;
    @FXML private TableColumn<JudgedArea, String> drawn;
    @FXML private TableColumn<JudgedArea, String> predicted;
    @FXML private TableColumn<JudgedArea, Double> right;
    @FXML private TableColumn<JudgedArea, Double> loss;
    @FXML private TableColumn<JudgedArea, String> leftOut;
    @FXML private TableColumn<JudgedArea, Double> unsure;
    @FXML private TableColumn<JudgedArea, Double> size;
    @FXML private TableColumn<JudgedArea, String> state;
    @FXML private Button previous;
    @FXML private Button next;
    @FXML private Button mark;

    private Consumer<JudgedArea> onMark = area -> { };

    /** An empty list. */
    public AreasPane() {
        Windows.load(this, "areas-pane.fxml");
        fillColumns();
        table.setItems(rows);
        table.setRowFactory(view -> new Row());
        table.setPlaceholder(new Label(Texts.get("check.noAreas")));
        Windows.fold(cellBar);
        cellBar.setVisible(false);
        hideRight.selectedProperty().addListener((o, was, is) -> list());
        settled.setOnFinished(event -> Threads.later(this::go));   // QuPath may ask to save
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
        Cells.show(image, JudgedArea::image);
        Cells.show(drawn, JudgedArea::drawn);
        Cells.show(predicted, area -> area.predicted() == null ? Texts.get("check.nothing")
                : area.predicted());
        Cells.number(right, "check.percent", JudgedArea::right);
        Cells.number(loss, "check.number", JudgedArea::loss);
        Cells.show(leftOut, area -> area.leftOut() == null ? "" : Texts.get("check.leftOut.value",
                area.leftOut().predicted(), area.leftOut().loss()));
        Cells.number(unsure, "check.number", JudgedArea::uncertainty);
        Cells.number(size, "check.area.value", JudgedArea::areaMm2);
        Cells.show(state, area -> stateText(states.getOrDefault(area, State.OPEN)));
    }

    private static String stateText(State state) {
        return switch (state) {
            case OPEN -> "";
            case RIGHT -> Texts.get("check.state.right");
            case CHANGED -> Texts.get("check.state.changed");
            case GONE -> Texts.get("check.state.gone");
        };
    }

    /**
     * What happens to areas.
     *
     * @param chosen the viewer is to go to one
     * @param marked one is right as drawn, or not any more
     * @param of what became of one; {@link State#OPEN} also where that is not known
     */
    void setActions(Consumer<JudgedArea> chosen, Consumer<JudgedArea> marked,
            Function<JudgedArea, State> of) {
        onChosen = chosen;
        onMark = marked;
        stateOf = of;
    }

    /** Shows the areas of an evaluation. */
    void show(Evaluation found) {
        evaluation = found;
        states.clear();
        found.areas().stream().filter(JudgedArea::marked)
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
        cell.setText(drawnAs == null ? "" : Texts.get("check.cell", drawnAs, predictedAs));
        list();
    }

    private void list() {
        if (evaluation == null) {
            return;
        }
        JudgedArea chosen = table.getSelectionModel().getSelectedItem();
        List<JudgedArea> found = new ArrayList<>(
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
    void look(JudgedArea area) {
        State now = stateOf.apply(area);
        if (now != State.OPEN) {
            states.put(area, now);
        } else if (states.get(area) != State.RIGHT) {
            states.remove(area);
        }
        table.refresh();
    }

    /** Says what became of an area. */
    void put(JudgedArea area, State now) {
        states.put(area, now);
        table.refresh();
        buttons();
    }

    private void go() {
        JudgedArea area = table.getSelectionModel().getSelectedItem();
        if (area != null) {
            onChosen.accept(area);
        }
    }

    private void buttons() {
        int at = table.getSelectionModel().getSelectedIndex();
        JudgedArea area = table.getSelectionModel().getSelectedItem();
        previous.setDisable(at <= 0);
        next.setDisable(rows.isEmpty() || at >= rows.size() - 1);
        mark.setDisable(area == null);
        mark.setText(Texts.get(area != null && states.get(area) == State.RIGHT
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
        JudgedArea area = table.getSelectionModel().getSelectedItem();
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
    private final class Row extends TableRow<JudgedArea> {

        @Override
        protected void updateItem(JudgedArea area, boolean empty) {
            super.updateItem(area, empty);
            boolean done = !empty && area != null
                    && states.getOrDefault(area, State.OPEN) != State.OPEN;
            setOpacity(done ? 0.55 : 1);
        }
    }
}
