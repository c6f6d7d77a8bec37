package qupath.ext.hookpath.ui.train;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javafx.beans.Observable;
import javafx.fxml.FXML;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.GridPane;
import javafx.util.StringConverter;
import qupath.ext.hookpath.Preferences;
import qupath.ext.hookpath.Texts;
import qupath.ext.hookpath.core.TrainSettings;
import qupath.ext.hookpath.core.TrainingRuns;
import qupath.ext.hookpath.ui.NamedChoice;
import qupath.ext.hookpath.ui.Windows;
import qupath.fx.dialogs.FileChoosers;

/** How to train: network, preset, µm/px, where the model goes, device. */
public final class SettingsPane extends GridPane {

    private static final List<Double> TARGETS = List.of(0.25, 0.5, 1.0, 2.0, 4.0);

    private Path usual = Path.of(".");
    private Path models = usual;
    private String suggestedName = "";

    @FXML private ComboBox<String> family;
    @FXML private ComboBox<String> preset;
    @FXML private ComboBox<String> target;
    @FXML private ComboBox<Double> context;
    @FXML private TextField name;
    @FXML private ComboBox<String> device;
    @FXML private Label folder;
    @FXML private TextField further;

    /** The fast preset of HookNet. */
    public SettingsPane() {
        Windows.load(this, "settings-pane.fxml");
        NamedChoice.fill(family, "hooknet", "unet");
        NamedChoice.fill(preset, "fast", "paper");
        context.setConverter(new MicronsPerPixel());
        target.getItems().setAll(TARGETS.stream().map(TrainSettings::text).toList());
        device.getItems().setAll("auto", "cpu", "cuda", "mps");
        device.setValue(Preferences.device().get());
        family.valueProperty().addListener((o, was, is) -> familyChosen());
        preset.valueProperty().addListener((o, was, is) -> presetChosen());
        target.getEditor().textProperty().addListener((o, was, is) -> targetTyped(is));
        presetChosen();
        familyChosen();
    }

    /** Models go into this folder, unless a person chooses another. */
    void setModels(Path folderOfModels) {
        usual = folderOfModels;
        show(folderOfModels);
    }

    /** Everything whose change may change {@link #whyNot} or {@link #arguments}. */
    Observable[] observed() {
        return new Observable[] {family.valueProperty(), preset.valueProperty(),
            target.getEditor().textProperty(), context.valueProperty(), name.textProperty(),
            folder.textProperty(), further.textProperty(), device.getEditor().textProperty()};
    }

    /** One line that says what is wrong; empty: nothing. */
    String whyNot() {
        if (target() == null) {
            return Texts.get("train.why.target", target.getEditor().getText());
        }
        try {
            TrainSettings.further(further.getText());
        } catch (IllegalArgumentException e) {
            return Texts.get("train.why.further", e.getMessage());
        }
        return whyNotName(name.getText().strip());
    }

    /** The arguments of {@code Hookpath.train} that these settings are. */
    Map<String, Object> arguments() {
        Map<String, Object> arguments = new LinkedHashMap<>();
        if (models.equals(usual)) {
            arguments.put("name", name.getText().strip());
        } else {
            arguments.put("out", models.resolve(name.getText().strip()));
        }
        arguments.put("model", family.getValue());
        arguments.put("preset", preset.getValue());
        arguments.put("spacings", isUnet() ? List.of(target())
                : List.of(target(), context.getValue()));
        String chosen = device.getEditor().getText().strip();
        arguments.put("device", chosen.isEmpty() || "auto".equals(chosen) ? null : chosen);
        List<String> more = TrainSettings.further(further.getText());
        arguments.put("set", more.isEmpty() ? null : more);
        return arguments;
    }

    /** Suggests a name that is free again. */
    void suggestName() {
        if (name.getText().isBlank() || name.getText().equals(suggestedName)) {
            suggestedName = TrainingRuns.freeName(models, family.getValue());
            name.setText(suggestedName);
        }
    }

    @FXML
    private void chooseFolder() {
        File chosen = FileChoosers.promptForDirectory(Windows.windowOf(this),
                Texts.get("train.folder.title"),
                Files.isDirectory(models) ? models.toFile() : null);
        if (chosen != null) {
            show(chosen.toPath());
        }
    }

    private void show(Path where) {
        models = where;
        folder.setText(where.toString());
        folder.setTooltip(new Tooltip(where.toString()));
        suggestName();
    }

    private String whyNotName(String typed) {
        try {
            if (typed.isEmpty() || typed.contains("/") || typed.contains("\\")
                    || Path.of(typed).getNameCount() != 1 || typed.startsWith(".")) {
                return Texts.get("train.error.name", typed);
            }
            Path run = models.resolve(typed);
            return Files.exists(run) ? Texts.get("train.error.exists", run) : "";
        } catch (InvalidPathException e) {
            return Texts.get("train.error.name", typed);
        }
    }

    private void familyChosen() {
        context.setDisable(isUnet());
        suggestName();
    }

    private void presetChosen() {
        target.getEditor().setText(TrainSettings.text("fast".equals(preset.getValue()) ? 1 : 0.5));
        targetTyped(target.getEditor().getText());
    }

    /** Contexts follow from the target; the widest that is no wider than 8 µm/px is usual. */
    private void targetTyped(String typed) {
        if (target() == null) {
            return;
        }
        List<Double> reach = TrainSettings.contexts(target(), preset.getValue());
        context.getItems().setAll(reach);
        context.setValue(reach.stream().filter(um -> um <= 8).reduce((a, b) -> b)
                .orElse(reach.get(0)));
    }

    private Double target() {
        try {
            double um = Double.parseDouble(target.getEditor().getText().strip().replace(',', '.'));
            return um >= 0.05 && um <= 50 ? um : null;
        } catch (NumberFormatException e) {
            return null;
        }
    }

    private boolean isUnet() {
        return "unet".equals(family.getValue());
    }

    private static final class MicronsPerPixel extends StringConverter<Double> {

        @Override
        public String toString(Double um) {
            return um == null ? "" : TrainSettings.text(um);
        }

        @Override
        public Double fromString(String text) {
            throw new UnsupportedOperationException("not editable");
        }
    }
}
