package qupath.ext.hookpath.ui.train;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javafx.beans.Observable;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Control;
import javafx.scene.control.Label;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.Devices;
import qupath.ext.hookpath.core.models.ModelFolder;
import qupath.ext.hookpath.core.models.NetworkFamilies;
import qupath.ext.hookpath.core.models.NetworkFamily;
import qupath.ext.hookpath.core.training.TrainingSettings;
import qupath.ext.hookpath.ui.ModelChoice;
import qupath.ext.hookpath.ui.NamedChoice;

/** Which network, and what it reads: only those fields show that mean something to it. */
final class NetworkFields {

    private static final List<Double> TARGETS = List.of(0.25, 0.5, 1.0, 2.0, 4.0);

    private static final String NONE = "";

    /** A field with its label. */
    record Field<C extends Control>(Label label, C control) {

        private void show(boolean on) {
            for (Control part : List.of(label, control)) {
                part.setVisible(on);
                part.setManaged(on);
            }
        }
    }

    private final ComboBox<String> family;
    private final Label about;
    private final ComboBox<String> preset;
    private final Field<ComboBox<String>> target;
    private final Field<ComboBox<List<Double>>> context;
    private final Field<ComboBox<Integer>> size;
    private final Field<ComboBox<String>> background;
    private final ModelChoice start;
    private List<String> classes = List.of();
    private NetworkFamily.Background offeredFor;

    NetworkFields(ModelChoice start, ComboBox<String> family, Label about, ComboBox<String> preset,
            Field<ComboBox<String>> target, Field<ComboBox<List<Double>>> context,
            Field<ComboBox<Integer>> size, Field<ComboBox<String>> background) {
        this.start = start;
        this.family = family;
        this.about = about;
        this.preset = preset;
        this.target = target;
        this.context = context;
        this.size = size;
        this.background = background;
        NamedChoice.fill(family, NamedChoice.NETWORK,
                NetworkFamilies.names().toArray(String[]::new));
        NamedChoice.fill(preset, NamedChoice.PRESET,
                NetworkFamilies.presets(Devices.here()).toArray(String[]::new));
        target.control().getItems().setAll(TARGETS.stream().map(TrainingSettings::text).toList());
        context.control().setConverter(DisplayNameConverter.as(um -> TrainingSettings.text(um)));
        size.control().setConverter(DisplayNameConverter.as(this::text));
        background.control().setConverter(DisplayNameConverter.as(
                name -> NONE.equals(name) ? UiTexts.get("train.background.none") : name));
        start.offer(UiTexts.get("train.start.none"), ModelFolder::canBeTrainedOn);
        start.valueProperty().addListener((o, was, is) -> startChosen(is));
        family.valueProperty().addListener((o, was, is) -> networkChosen());
        preset.valueProperty().addListener((o, was, is) -> networkChosen());
        target.control().getEditor().textProperty().addListener((o, was, is) -> targetTyped());
        networkChosen();
    }

    /** Everything whose change may change what the other methods say. */
    List<Observable> observed() {
        return List.of(start.valueProperty(), family.valueProperty(), preset.valueProperty(),
                target.control().getEditor().textProperty(), context.control().valueProperty(),
                size.control().valueProperty(), background.control().valueProperty());
    }

    /** The classes that one may be the background of, in channel order. */
    void setClasses(Collection<String> names) {
        if (!classes.equals(List.copyOf(names))) {
            classes = List.copyOf(names);
            offerBackgrounds();
        }
    }

    String name() {
        return family.getValue();
    }

    NetworkFamily family() {
        return NetworkFamilies.get(family.getValue());
    }

    /** What was typed as resolution, where that is none; null: it is one, or none is needed. */
    String wrongTarget() {
        return isGoingOn() || readsSlides() || target() != null
                ? null : target.control().getEditor().getText();
    }

    /** Whether a model that is there already is trained further: what it reads is settled. */
    boolean isGoingOn() {
        return start.getValue() != null;
    }

    /** Side of what is read, in px; the preset's while another network's are being offered. */
    int side() {
        Integer chosen = size.control().getValue();
        return chosen == null ? offer().size() : chosen;
    }

    /** µm/px of the result; null: each slide has its own, or what was typed is none. */
    Double target() {
        if (readsSlides()) {
            return null;
        }
        try {
            String typed = target.control().getEditor().getText();
            double um = Double.parseDouble(typed.strip().replace(',', '.'));
            return um >= 0.05 && um <= 50 ? um : null;
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /** The arguments of {@code Hookpath.train} that these fields are, but {@code set}. */
    Map<String, Object> arguments() {
        Map<String, Object> arguments = new LinkedHashMap<>();
        if (isGoingOn()) {
            arguments.put("initFrom", start.getValue().path());
            arguments.put("preset", preset.getValue());
            return arguments;
        }
        arguments.put("model", family.getValue());
        arguments.put("preset", preset.getValue());
        if (!readsSlides()) {
            List<Double> um = new ArrayList<>(List.of(target()));
            um.addAll(context.control().getValue());
            arguments.put("spacings", um);
        }
        return arguments;
    }

    /** What goes into {@code set}: only what differs from the preset. */
    List<String> settings() {
        List<String> settings = new ArrayList<>();
        if (isGoingOn()) {
            return settings;
        }
        if (side() != offer().size()) {
            settings.add(family().size() + "=" + side());
        }
        String nothingElse = background.control().getValue();
        if (nothingElse != null && !NONE.equals(nothingElse)) {
            settings.add(TrainingSettings.background(nothingElse));
        }
        return settings;
    }

    /** What can be chosen with the network and the preset. */
    NetworkFamily.Offer offer() {
        return family().presets().get(preset.getValue());
    }

    /** A model keeps its network. */
    private void startChosen(ModelFolder model) {
        family.setDisable(model != null);
        if (model != null && !model.family().equals(family.getValue())) {
            family.setValue(model.family());    // comes back here
        } else {
            networkChosen();
        }
    }

    private boolean readsSlides() {
        return family().spacings() == null;
    }

    private void networkChosen() {
        about.setText(UiTexts.get("train.about." + family.getValue()));
        boolean open = !isGoingOn();
        target.show(open && !readsSlides());
        context.show(open && offer().contexts().stream().anyMatch(one -> !one.isEmpty()));
        size.show(open);
        background.show(open && family().background() != NetworkFamily.Background.NO);
        size.label().setText(UiTexts.get(readsSlides() ? "train.size.slide" : "train.size"));
        if (!readsSlides()) {
            target.control().getEditor().setText(TrainingSettings.text(offer().targetUm()));
        }
        size.control().getItems().setAll(offer().sizes());
        size.control().setValue(offer().size());
        offerBackgrounds();
        targetTyped();
    }

    /** Contexts and what a size means follow from the target. */
    private void targetTyped() {
        Double um = target();
        if (um != null) {
            context.control().getItems().setAll(offer().contextsUm(um));
            context.control().setValue(offer().usualContextUm(um));
            Integer chosen = size.control().getValue();
            size.control().setValue(null);  // else it would not be written anew
            size.control().setValue(chosen);
        }
    }

    /** What was chosen stays, but not what one network proposed when another is chosen. */
    private void offerBackgrounds() {
        NetworkFamily.Background kind = family().background();
        String chosen = kind == offeredFor ? background.control().getValue() : null;
        offeredFor = kind;
        List<String> offered = new ArrayList<>();
        if (kind == NetworkFamily.Background.MAYBE) {
            offered.add(NONE);
        }
        offered.addAll(kind == NetworkFamily.Background.NO ? List.of() : classes);
        background.control().getItems().setAll(offered);
        background.control().setValue(offered.contains(chosen) ? chosen : offered.isEmpty() ? null
                : kind == NetworkFamily.Background.YES ? offered.getLast() : NONE);
    }

    private String text(int side) {
        Double um = target();
        return um == null ? String.valueOf(side)
                : UiTexts.get("train.size.um", String.valueOf(side),
                        TrainingSettings.text(side * um));
    }
}
