package qupath.ext.hookpath.ui;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import javafx.beans.value.ChangeListener;
import javafx.scene.Node;
import javafx.scene.Parent;
import javafx.scene.control.Button;
import javafx.scene.control.ButtonBase;
import javafx.scene.control.Label;
import javafx.scene.control.Labeled;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.SplitPane;
import javafx.scene.control.Tab;
import javafx.scene.control.TabPane;
import javafx.scene.control.TitledPane;
import qupath.ext.hookpath.core.Mnemonics;

/**
 * Letters that the controls of a window are reached by with Alt: buttons and boxes are pressed,
 * fields whose label names them get the focus. Every window gets them in the same way, so that no
 * letter is there twice; a text that changes later keeps its letter.
 */
final class AltKeys {

    private AltKeys() {}

    /** Gives letters to what is in a window, its main button first. */
    static void give(Parent content) {
        List<Labeled> all = new ArrayList<>();
        collect(List.of(content), all);
        List<Labeled> order = new ArrayList<>(all.stream().filter(AltKeys::isMain).toList());
        all.stream().filter(one -> !isMain(one)).forEach(order::add);
        List<String> texts = Mnemonics.of(order.stream().map(Labeled::getText).toList());
        for (int i = 0; i < texts.size(); i++) {
            Labeled one = order.get(i);
            if (one.getProperties().containsKey(AltKeys.class)) {
                continue;   // from the window that it was in before
            }
            one.setMnemonicParsing(true);
            one.setText(texts.get(i));
            ChangeListener<String> keeper = (o, was, is) -> keep(one, was, is, order);
            one.textProperty().addListener(keeper);
            one.getProperties().put(AltKeys.class, keeper);
        }
    }

    /**
     * Takes the letters away again, for a window whose letters are its own; before the content
     * leaves its window. JavaFX cannot draw a text whose letter went while it was in none.
     */
    static void take(Parent content) {
        List<Labeled> all = new ArrayList<>();
        collect(List.of(content), all);
        for (Labeled one : all) {
            if (one.getProperties().remove(AltKeys.class) instanceof ChangeListener<?> keeper) {
                @SuppressWarnings("unchecked") // put there by give
                ChangeListener<String> ours = (ChangeListener<String>) keeper;
                one.textProperty().removeListener(ours);
                one.setText(Mnemonics.without(one.getText()));
            }
        }
        content.layout();
    }

    /** A text that changes keeps its letter. */
    private static void keep(Labeled one, String was, String is, List<Labeled> all) {
        if (is != null && !one.textProperty().isBound() && is.equals(Mnemonics.without(is))) {
            one.setText(Mnemonics.again(is, was, all.stream().filter(other -> other != one)
                    .map(Labeled::getText).filter(Objects::nonNull).toList()));
        }
    }

    private static boolean isMain(Labeled one) {
        return one instanceof Button button && button.isDefaultButton();
    }

    private static void collect(Collection<? extends Node> nodes, List<Labeled> found) {
        for (Node node : nodes) {
            if (node instanceof Labeled labeled && takesLetter(labeled)) {
                found.add(labeled);
            }
            collect(below(node), found);
        }
    }

    /** What is named after data has no letter: its underscores are its own. */
    private static boolean takesLetter(Labeled one) {
        boolean fixed = !one.textProperty().isBound() && one.getText() != null;
        return fixed && (one instanceof ButtonBase && one.isMnemonicParsing()
                || one instanceof Label label && label.getLabelFor() != null);
    }

    /** Also of panes that have what is in them only once they are shown. */
    private static Collection<? extends Node> below(Node node) {
        return switch (node) {
            case TitledPane pane -> one(pane.getContent());
            case ScrollPane pane -> one(pane.getContent());
            case TabPane pane -> pane.getTabs().stream().map(Tab::getContent)
                    .filter(content -> content != null).toList();
            case SplitPane pane -> pane.getItems();
            case Parent parent -> parent.getChildrenUnmodifiable();
            default -> List.of();
        };
    }

    private static List<Node> one(Node node) {
        return node == null ? List.of() : List.of(node);
    }
}
