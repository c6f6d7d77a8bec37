package qupath.ext.hookpath.ui.train;

import java.awt.image.BufferedImage;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleConsumer;
import javafx.beans.Observable;
import javafx.fxml.FXML;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.GridPane;
import qupath.ext.hookpath.JobLauncher;
import qupath.ext.hookpath.Preferences;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.models.NetworkFamily;
import qupath.ext.hookpath.core.training.FurtherSettingsParser;
import qupath.ext.hookpath.core.training.FurtherSettingsParser.Misunderstood;
import qupath.ext.hookpath.core.training.LinesAndPoints;
import qupath.ext.hookpath.core.training.TrainingPlan;
import qupath.ext.hookpath.core.training.TrainingRuns;
import qupath.ext.hookpath.core.training.TrainingSettings;
import qupath.ext.hookpath.predict.ModelList;
import qupath.ext.hookpath.ui.DeviceChoice;
import qupath.ext.hookpath.ui.ModelChoice;
import qupath.ext.hookpath.ui.NamedChoice;
import qupath.ext.hookpath.ui.WindowFactory;
import qupath.ext.hookpath.ui.train.NetworkFields.Field;
import qupath.fx.dialogs.FileChoosers;
import qupath.lib.projects.Project;

/** How to train: network, preset, what it reads, where the model goes, device. */
public final class SettingsPane extends GridPane {

    private static final double USUAL_MINUTES = 4;

    private final NetworkFields network;
    private Path usual = Path.of(".");
    private Path models = usual;
    private String suggestedName = "";

    @FXML private ModelChoice start;
    @FXML private ComboBox<String> family;
    @FXML private Label about;
    @FXML private ComboBox<String> preset;
    @FXML private Label targetLabel;
    @FXML private ComboBox<String> target;
    @FXML private Label contextLabel;
    @FXML private ComboBox<List<Double>> context;
    @FXML private Label sizeLabel;
    @FXML private ComboBox<Integer> size;
    @FXML private Label backgroundLabel;
    @FXML private ComboBox<String> background;
    @FXML private TextField name;
    @FXML private ComboBox<String> device;
    @FXML private Label folder;
    @FXML private Label howLongLabel;
    @FXML private TextField howLong;
    @FXML private TextField lineWidth;
    @FXML private Label channelsLabel;
    @FXML private ChannelChoice channels;
    @FXML private TextField further;

    /** The fast preset of HookNet. */
    public SettingsPane() {
        WindowFactory.load(this, "settings-pane.fxml");
        network = new NetworkFields(start, family, about, preset, new Field<>(targetLabel, target),
                new Field<>(contextLabel, context), new Field<>(sizeLabel, size),
                new Field<>(backgroundLabel, background));
        DeviceChoice.fill(device);
        device.setValue(Preferences.device().get());
        family.valueProperty().addListener((o, was, is) -> suggestName());
        family.valueProperty().addListener((o, was, is) -> offerTime());
        preset.valueProperty().addListener((o, was, is) -> offerTime());
        offerTime();
        channelsLabel.visibleProperty().bind(channels.visibleProperty());
        channelsLabel.managedProperty().bind(channels.visibleProperty());
    }

    /** Channels that all images of the job have; empty: they are RGB. */
    void setChannels(List<String> names) {
        channels.offer(names);
    }

    /** Classes are learned in this order. */
    void setClasses(Collection<String> names) {
        network.setClasses(names);
    }

    /** A project's models go into this folder, unless a person chooses another. */
    void setProject(Project<BufferedImage> project) {
        start.load(project);
        usual = ModelList.shelf(JobLauncher.isWritable(project) ? project : null).models();
        show(usual);
    }

    /** Everything whose change may change {@link #whyNot} or {@link #arguments}. */
    List<Observable> observed() {
        List<Observable> all = new ArrayList<>(network.observed());
        all.addAll(List.of(name.textProperty(), folder.textProperty(), further.textProperty(),
                howLong.textProperty(), lineWidth.textProperty(), device.getEditor().textProperty(),
                channels.chosenProperty()));
        return all;
    }

    /** Calls with the width of lines in µm whenever it changes; 0: they are none, or wrong. */
    void setOnLineWidth(DoubleConsumer onWidth) {
        lineWidth.textProperty().addListener((o, was, is) -> {
            double um = LinesAndPoints.width(is);
            onWidth.accept(Double.isNaN(um) ? 0 : um);
        });
    }

    /** One line that says what is wrong; empty: nothing. */
    String whyNot(TrainingPlan plan) {
        if (network.wrongTarget() != null) {
            return UiTexts.get("train.why.target", network.wrongTarget());
        }
        if (Double.isNaN(LinesAndPoints.width(lineWidth.getText()))) {
            return UiTexts.get("train.why.lineWidth", lineWidth.getText().strip());
        }
        if (network.family().timed() && TrainingSettings.minutes(howLong.getText()) == 0) {
            return UiTexts.get("train.why.minutes", howLong.getText().strip());
        }
        if (channels.isNothingOn()) {
            return UiTexts.get("train.why.noChannels");
        }
        try {
            FurtherSettingsParser.parse(further.getText());
        } catch (Misunderstood e) {
            return text(e);
        }
        String notEnough = whyNotEnough(plan);
        return notEnough.isEmpty() ? whyNotName(name.getText().strip()) : notEnough;
    }

    /** The network that is trained. */
    String family() {
        return network.name();
    }

    /**
     * Whether what it would take can be measured: networks in stages have nothing to measure yet.
     */
    boolean isMeasurable() {
        return !"h2gnet".equals(network.name());
    }

    /** The channels to name: those switched on, where not all that the images have. */
    List<String> channels(boolean imagesDiffer) {
        return channels.isSomethingOff() || imagesDiffer ? channels.chosenProperty().get() : null;
    }

    /** The arguments of {@code Hookpath.train} that these settings are. */
    Map<String, Object> arguments() {
        Map<String, Object> arguments = new LinkedHashMap<>();
        if (models.equals(usual)) {
            arguments.put("name", name.getText().strip());
        } else {
            arguments.put("out", models.resolve(name.getText().strip()));
        }
        arguments.putAll(network.arguments());
        String chosen = device.getEditor().getText().strip();
        arguments.put("device", chosen.isEmpty() || "auto".equals(chosen) ? null : chosen);
        List<String> more = new ArrayList<>(network.settings());
        double um = LinesAndPoints.width(lineWidth.getText());
        if (um > 0) {
            more.add(TrainingSettings.lineWidth(um));
        }
        more.addAll(howLong());
        try {
            more.addAll(FurtherSettingsParser.parse(further.getText()));
        } catch (Misunderstood e) {
            throw new IllegalStateException(e);     // see whyNot
        }
        arguments.put("set", more.isEmpty() ? null : more);
        return arguments;
    }

    /** What is wrong with further settings, in words. */
    public static String text(Misunderstood wrong) {
        return UiTexts.get("further." + wrong.key(), wrong.values().toArray());
    }

    /** Settings of how long it may take, where that is not the preset's. */
    private List<String> howLong() {
        Double preset = network.offer().minutes();
        double minutes = TrainingSettings.minutes(howLong.getText());
        if (!network.family().timed() || preset != null && minutes == preset) {
            return List.of();
        }
        if (Double.isNaN(minutes)) {
            return preset == null ? List.of() : List.of("minutes=none");
        }
        return TrainingSettings.howLong(minutes, preset == null ? USUAL_MINUTES : preset,
                network.offer().epochs());
    }

    /** The preset's time; one that is published takes as long as it takes. */
    private void offerTime() {
        boolean timed = network.family().timed();
        howLongLabel.setVisible(timed);
        howLong.setVisible(timed);
        Double minutes = network.offer().minutes();
        boolean open = minutes == null && "paper".equals(preset.getValue());
        howLong.setText(open ? ""
                : TrainingSettings.text(minutes == null ? USUAL_MINUTES : minutes));
    }

    /** Suggests a name that is free again. */
    void suggestName() {
        if (name.getText().isBlank() || name.getText().equals(suggestedName)) {
            suggestedName = TrainingRuns.freeName(models,
                    NamedChoice.shortText(family.getValue()));
            name.setText(suggestedName);
        }
    }

    @FXML
    private void chooseFolder() {
        File chosen = FileChoosers.promptForDirectory(WindowFactory.windowOf(this),
                UiTexts.get("train.folder.title"),
                Files.isDirectory(models) ? models.toFile() : null);
        if (chosen != null) {
            show(chosen.toPath());
        }
    }

    private void show(Path where) {
        models = where;
        folder.setText(where.equals(usual) ? UiTexts.get("train.folder.usual")
                : String.valueOf(where.getFileName()));
        folder.setTooltip(new Tooltip(where.toString()));
        suggestName();
    }

    private String whyNotName(String typed) {
        try {
            if (typed.isEmpty() || typed.contains("/") || typed.contains("\\")
                    || Path.of(typed).getNameCount() != 1 || typed.startsWith(".")) {
                return UiTexts.get("train.error.name", typed);
            }
            Path run = models.resolve(typed);
            return Files.exists(run) ? UiTexts.get("train.error.exists", typed) : "";
        } catch (InvalidPathException e) {
            return UiTexts.get("train.error.name", typed);
        }
    }

    private String whyNotEnough(TrainingPlan plan) {
        NetworkFamily chosen = network.family();
        // A setting that a person typed may change what a patch is, or needs: Python will know.
        double least = network.isGoingOn() || further.getText().contains("model.") ? 0
                : chosen.leastMm2(network.target(), network.side());
        TrainingPlan.Finding found = plan.whyNotWith(chosen.leastSlides(), least);
        if (found == null) {
            return "";
        }
        List<Object> values = new ArrayList<>(found.values());
        if (network.target() != null) {
            values.add(TrainingSettings.text(network.target() * network.side()));
        }
        return UiTexts.get("train.why." + found.key(), values.toArray());
    }
}
