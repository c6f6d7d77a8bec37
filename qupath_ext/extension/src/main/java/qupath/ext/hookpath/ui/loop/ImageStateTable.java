package qupath.ext.hookpath.ui.loop;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import javafx.collections.transformation.SortedList;
import javafx.scene.control.TableCell;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableRow;
import javafx.scene.control.TableView;
import javafx.scene.control.TextField;
import javafx.scene.control.Tooltip;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyEvent;
import javafx.scene.paint.Color;
import javafx.scene.shape.Circle;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.loop.LoopStatus;
import qupath.ext.hookpath.core.loop.LoopStatus.Image;
import qupath.ext.hookpath.core.loop.LoopStatus.State;
import qupath.ext.hookpath.core.training.AnnotatedImage;
import qupath.ext.hookpath.ui.TableCells;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;

/** The table of images with their states. */
final class ImageStateTable {

    private static final Map<State, Color> COLORS = Map.of(State.TODO, Color.GRAY,
            State.PROPOSED, Color.DARKORANGE, State.CORRECTED, Color.DODGERBLUE,
            State.TRAINED, Color.SEAGREEN);

    private ImageStateTable() {}

    static ObservableList<Image> prepare(TableView<Image> table, TextField filter,
            TableColumn<Image, String> name,
            TableColumn<Image, State> state, TableColumn<Image, Double> labelled,
            TableColumn<Image, Double> worth, Consumer<Image> onOpen) {
        TableCells.show(name, Image::name);
        state.setCellValueFactory(c -> new ReadOnlyObjectWrapper<>(c.getValue().state()));
        state.setCellFactory(column -> new StateCell());
        TableCells.number(labelled, "train.mm2", image -> unlessNone(image.labelledMm2()));
        TableCells.number(worth, "loop.worth.value", image -> unlessNone(image.worth()));
        table.setRowFactory(view -> new Row(onOpen));
        table.addEventHandler(KeyEvent.KEY_PRESSED, event -> {
            Image chosen = table.getSelectionModel().getSelectedItem();
            if (event.getCode() == KeyCode.ENTER && chosen != null) {
                onOpen.accept(chosen);  // as a double click does
                event.consume();
            }
        });
        ObservableList<Image> all = FXCollections.observableArrayList();
        SortedList<Image> sorted = new SortedList<>(TableCells.filtered(all, filter, Image::name));
        sorted.comparatorProperty().bind(table.comparatorProperty());
        table.setItems(sorted);
        return all;
    }

    /** Images on which there is something come first, else in the project's order. */
    static List<Image> inOrder(List<Image> images) {
        return images.stream().sorted(Comparator.comparing(ImageStateTable::isEmpty)).toList();
    }

    private static boolean isEmpty(Image image) {
        return (image.state() == null || image.state() == State.TODO)
                && !(image.labelledMm2() > 0);
    }

    /** What the project itself shows, before anybody asked Python. */
    static LoopStatus fromMetadata(Project<BufferedImage> project) {
        List<Image> images = new ArrayList<>();
        int latest = 0;
        for (ProjectImageEntry<BufferedImage> entry : project.getImageList()) {
            int round = round(entry.getMetadata().get(LoopStatus.ROUND_KEY));
            images.add(new Image(entry.getID(), entry.getImageName(),
                    State.of(entry.getMetadata().get(LoopStatus.STATE_KEY)), round, false,
                    Double.NaN, Double.NaN, Double.NaN, null));
            latest = Math.max(latest, round);
        }
        return new LoopStatus(latest, null, images, List.of(), null);
    }

    /** The same before the loop begins, with what is annotated. */
    static LoopStatus fromAnnotations(List<AnnotatedImage> project) {
        List<Image> images = project.stream().map(image -> new Image(image.id(), image.name(),
                null, 0, false, Double.NaN, image.area(image.mm2().keySet()), Double.NaN,
                image.problem())).toList();
        return new LoopStatus(0, null, images, List.of(), null);
    }

    private static int round(String text) {
        return text != null && text.matches("\\d{1,6}") ? Integer.parseInt(text) : 0;
    }

    /** Selects the row of the same image again. */
    static void select(TableView<Image> table, Image before) {
        table.getSelectionModel().clearSelection();
        if (before != null) {
            table.getItems().stream().filter(i -> i.id().equals(before.id())).findFirst()
                    .ifPresent(table.getSelectionModel()::select);
        }
    }

    private static double unlessNone(double value) {
        return value == 0 ? Double.NaN : value;
    }

    private static final class StateCell extends TableCell<Image, State> {

        @Override
        protected void updateItem(State state, boolean empty) {
            super.updateItem(state, empty);
            boolean none = empty || state == null;
            setText(none ? null : UiTexts.get("loop.state." + state.name()));
            setGraphic(none ? null : new Circle(5, COLORS.get(state)));
        }
    }

    private static final class Row extends TableRow<Image> {

        Row(Consumer<Image> onOpen) {
            setOnMouseClicked(event -> {
                if (event.getClickCount() == 2 && getItem() != null) {
                    onOpen.accept(getItem());
                }
            });
        }

        @Override
        protected void updateItem(Image image, boolean empty) {
            super.updateItem(image, empty);
            boolean bad = !empty && image != null && image.problem() != null;
            setTooltip(bad ? new Tooltip(image.problem()) : null);
            setOpacity(bad ? 0.5 : 1);
        }
    }
}
