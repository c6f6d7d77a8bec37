package qupath.ext.hookpath.ui.train;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.scene.control.CheckBox;
import javafx.scene.control.CustomMenuItem;
import javafx.scene.control.MenuButton;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.ui.WindowFactory;

/** Channels with ticks, all of them at first; what was switched off stays off. */
public final class ChannelChoice extends MenuButton {

    private final Set<String> off = new HashSet<>();
    private final ReadOnlyObjectWrapper<List<String>> chosen =
            new ReadOnlyObjectWrapper<>(List.of());
    private List<String> offered = List.of();

    /** Offers nothing yet, and is not shown. */
    public ChannelChoice() {
        WindowFactory.fold(this);
        setVisible(false);
        setMnemonicParsing(false);
    }

    /** Offers these; none: it is not shown. */
    void offer(List<String> names) {
        if (names.equals(offered)) {
            return;
        }
        offered = List.copyOf(names);
        setVisible(!offered.isEmpty());
        getItems().setAll(offered.stream().map(this::item).toList());
        changed();
    }

    /** Those that are switched on, in the image's order. */
    ReadOnlyObjectProperty<List<String>> chosenProperty() {
        return chosen.getReadOnlyProperty();
    }

    /** Whether there is something to choose from and something is switched off. */
    boolean isSomethingOff() {
        return chosen.get().size() < offered.size();
    }

    /** Whether there is something to choose from, and nothing is chosen. */
    boolean isNothingOn() {
        return !offered.isEmpty() && chosen.get().isEmpty();
    }

    private CustomMenuItem item(String name) {
        CheckBox box = new CheckBox(name);
        box.setMnemonicParsing(false);
        box.setSelected(!off.contains(name));
        box.selectedProperty().addListener((o, was, is) -> {
            if (is) {
                off.remove(name);
            } else {
                off.add(name);
            }
            changed();
        });
        return new CustomMenuItem(box, false);
    }

    private void changed() {
        List<String> on = new ArrayList<>(offered);
        on.removeAll(off);
        chosen.set(List.copyOf(on));
        setText(isSomethingOff()
                ? UiTexts.get("train.channels.some", on.size(), offered.size(),
                        String.join(", ", on))
                : UiTexts.get("train.channels.all", offered.size()));
    }
}
