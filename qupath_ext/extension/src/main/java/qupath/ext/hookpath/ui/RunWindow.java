package qupath.ext.hookpath.ui;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javafx.beans.Observable;
import javafx.beans.binding.Bindings;
import javafx.beans.value.ChangeListener;
import javafx.beans.value.WeakChangeListener;
import javafx.fxml.FXML;
import javafx.scene.control.Button;
import javafx.scene.control.CheckBox;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.Spinner;
import javafx.scene.input.Clipboard;
import javafx.scene.input.DataFormat;
import javafx.scene.layout.VBox;
import javafx.stage.Stage;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.ImageStacks;
import qupath.ext.hookpath.JobLauncher;
import qupath.ext.hookpath.OpenImage;
import qupath.ext.hookpath.Preferences;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.jobs.GroovyCall;
import qupath.ext.hookpath.core.jobs.JobOutcome;
import qupath.ext.hookpath.core.jobs.MessageWording;
import qupath.ext.hookpath.core.models.ModelFolder;
import qupath.ext.hookpath.predict.PredictJob;
import qupath.ext.hookpath.predict.PredictOptions;
import qupath.ext.hookpath.predict.PredictSummary;
import qupath.ext.hookpath.predict.PredictTarget;
import qupath.ext.hookpath.predict.PredictionDryRun;
import qupath.ext.hookpath.preview.ProbabilityMapCommand;
import qupath.fx.dialogs.Dialogs;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.images.ImageData;
import qupath.lib.projects.Project;

/** <em>Run HookNet…</em>: choose a model and where to predict, see what is found. */
public final class RunWindow extends VBox implements WindowFactory.AtWork {

    private static final String TITLE = "run.title";

    private final QuPathGUI qupath;
    private final ChangeListener<Project<BufferedImage>> onProject = (o, was, is) -> forget();
    private final BackgroundDryRun<PredictionDryRun> foresight =
            new BackgroundDryRun<>("foresight", PredictionDryRun::of, this::showForesight);
    private PredictJob prediction;
    private boolean importing;
    private Shown begun;
    private Shown shown;

    /**
     * What a result in the window is of: it is an earlier one as soon as something else is chosen.
     */
    private record Shown(String model, String key, Output as, String said) {

        Shown with(String text) {
            return new Shown(model, key, as, text);
        }
    }

    @FXML private ModelTable models;
    @FXML private PredictTargetPane scope;
    @FXML private ComboBox<Output> output;
    @FXML private CheckBox overlay;
    @FXML private Spinner<Double> minArea;
    @FXML private Spinner<Double> simplify;
    @FXML private ComboBox<String> device;
    @FXML private Label message;
    @FXML private Button copy;
    @FXML private Button run;
    @FXML private JobPane job;
    @FXML private ClassAreasTable areas;
    @FXML private Label next;
    @FXML private Label unlike;

    /** What the image gets. */
    enum Output {
        DETECTIONS, ANNOTATIONS, NONE;

        String option() {
            return name().toLowerCase(Locale.ROOT);
        }

        @Override
        public String toString() {
            return UiTexts.get("run.output." + option());
        }
    }

    private RunWindow(QuPathGUI qupath) {
        this.qupath = qupath;
        WindowFactory.load(this, "run-window.fxml");
        scope.watch(qupath);
        models.follow(qupath);
        qupath.projectProperty().addListener(new WeakChangeListener<>(onProject));
        fillIn();
        message.textProperty().bind(Bindings.createStringBinding(this::whyNot,
                models.selectedProperty(), scope.stateProperty(), job.runningProperty(),
                models.loadingProperty()));
        message.textProperty().addListener((o, was, is) -> WarningColor.set(message, !isBusy()));
        message.visibleProperty().bind(message.textProperty().isNotEmpty());
        run.disableProperty().bind(message.textProperty().isNotEmpty());
        copy.disableProperty().bind(models.selectedProperty().isNull());
        unlike.visibleProperty().bind(unlike.textProperty().isNotEmpty());
        WindowFactory.fold(message, job, unlike, next);
        job.setVisible(false);
        next.setVisible(false);
        for (Observable one : List.of(message.textProperty(), models.selectedProperty(),
                scope.stateProperty(), device.valueProperty())) {
            one.addListener(changed -> {
                lookAhead();
                markEarlier();
            });
        }
    }

    /** Shows the window, or brings it to the front. */
    public static void show(QuPathGUI qupath) {
        Stage stage = WindowFactory.show(qupath, TITLE, () -> new RunWindow(qupath));
        RunWindow window = (RunWindow) stage.getScene().getRoot();
        stage.setOnHiding(event -> {
            window.foresight.cancel();
            if (!window.isAtWork()) {
                window.scope.unwatch();
            }
        });
        window.lookAhead();
    }

    /** Says of a result in the window whether it is of what is chosen now. */
    private void markEarlier() {
        if (shown == null || isAtWork()) {
            return;
        }
        boolean earlier = !shown.key().equals(chosenKey());
        job.idle(earlier ? UiTexts.get("run.earlier", shown.model(), shown.said()) : shown.said());
        areas.setOpacity(earlier ? 0.5 : 1);
        next.setVisible(!earlier && !next.getText().isEmpty());
    }

    /** Model and images that are chosen; empty: none. */
    private String chosenKey() {
        ModelFolder model = models.selectedProperty().get();
        return model == null || !message.getText().isEmpty() ? ""
                : model.path() + " " + scope.choice().key(qupath.getProject());
    }

    /** Looks whether the images are like those that the model knows, unless that is known. */
    private void lookAhead() {
        if (isAtWork() || !message.getText().isEmpty() || !WindowFactory.isShowing(this)) {
            foresight.cancel();
            return;
        }
        PredictTargetPane.Choice chosen = scope.choice();
        Map<String, Object> arguments = new LinkedHashMap<>();
        arguments.put("model", models.selectedProperty().get().path());
        arguments.put("device", chosenDevice());
        if (chosen.planesOfEach() <= PredictionDryRun.MOST) {
            arguments.putAll(chosen.planes().arguments());
        }
        Project<BufferedImage> project = qupath.getProject();
        foresight.want(arguments + " " + chosen.key(project), folder -> PredictionDryRun.start(
                chosen.target(qupath, project), PredictOptions.of(arguments, project), folder));
    }

    private void showForesight(BackgroundDryRun.State state, PredictionDryRun found) {
        switch (state) {
            case NOTHING -> say("", false);
            case LOOKING -> say(UiTexts.get("run.looking"), false);
            case FOUND -> say(OutOfDistributionTexts.text(found, scope.choice().size()),
                    OutOfDistributionTexts.deservesALook(found));
        }
    }

    private void say(String text, boolean warns) {
        unlike.setText(text);
        WarningColor.set(unlike, warns);
    }

    @Override
    public boolean isAtWork() {
        return job.runningProperty().get() || importing;
    }

    /** What was found in another project is of no interest in this one. */
    private void forget() {
        if (!isAtWork()) {
            job.idle("");
            job.setVisible(false);
            areas.clear();
            next.setVisible(false);
            shown = null;
            unlike.setText("");
        }
    }

    private void fillIn() {
        output.getItems().setAll(Output.values());
        output.setValue(outputOf(Preferences.output().get()));
        overlay.setSelected(Preferences.overlay().get());
        Spinners.numbers(minArea, 1e9, Preferences.minArea().get(), 50);
        Spinners.numbers(simplify, 1000, Preferences.simplify().get(), 0.25);
        DeviceChoice.fill(device);
        device.setValue(Preferences.device().get());
    }

    private static Output outputOf(String remembered) {
        for (Output known : Output.values()) {
            if (known.option().equals(remembered)) {
                return known;
            }
        }
        return Output.DETECTIONS;
    }

    /** Whether Run is disabled only until something has ended. */
    private boolean isBusy() {
        return job.runningProperty().get() || models.loadingProperty().get();
    }

    /** One line that says why Run is disabled; empty: it is not. */
    private String whyNot() {
        if (job.runningProperty().get()) {
            return UiTexts.get("run.running");
        }
        if (models.loadingProperty().get()) {
            return UiTexts.get("run.loading");
        }
        ModelFolder model = models.selectedProperty().get();
        if (model == null) {
            return UiTexts.get(models.isEmpty() ? "run.noModels" : "run.noModel");
        }
        return model.problem() != null ? MessageWording.inWindow(model.problem())
                : scope.whyNot(model);
    }

    @FXML
    private void run() {
        Map<String, Object> arguments = arguments();
        remember();
        areas.clear();
        next.setVisible(false);
        shown = null;
        begun = new Shown(models.selectedProperty().get().name(), chosenKey(),
                output.getValue(), "");
        job.setVisible(true);
        WindowFactory.growWith(this);
        PredictTargetPane.Choice chosen = scope.choice();
        arguments.putAll(chosen.arguments());
        Project<BufferedImage> project = qupath.getProject();
        job.run(onEvent -> {
            PredictTarget target = chosen.target(qupath, project);
            prediction = new PredictJob(target, PredictOptions.of(arguments, project));
            return prediction.start(onEvent);
        }, this::ended, problem -> WindowFactory.showProblem(this, TITLE, problem));
    }

    private void ended(JobOutcome outcome) {
        if (job.wasCancelled()) {
            job.idle(UiTexts.get("run.cancelled"));
            return;
        }
        importing = true;
        job.busy(UiTexts.get("run.importing"));
        PredictJob finished = prediction;
        BackgroundThreads.work(() -> finished.finish(outcome), this::done, problem -> {
            importing = false;
            job.idle("");
            WindowFactory.showProblem(this, TITLE, problem);
        });
    }

    private void done(PredictSummary summary) {
        importing = false;
        qupath.refreshProject();    // images that have data now
        String planes = scope.named(summary.planes());
        String done = UiTexts.get("run.done", summary.added(), summary.images().size(),
                planes.isEmpty() ? 0 : 1, planes);
        if (!JobLauncher.isWritable(qupath.getProject())) {
            done += " " + UiTexts.get("run.readOnly");
        }
        job.idle(done);
        shown = begun.with(done);
        areas.show(summary);
        next.setText(summary.added() == 0 || begun.as() == Output.NONE ? ""
                : UiTexts.get("run.next." + begun.as().option()));
        markEarlier();
        if (!summary.unlike().isEmpty()) {  // else what was said before it began still holds
            say(OutOfDistributionTexts.text(summary), true);
        }
        showMap(summary);
        WindowFactory.growWith(this);
        WindowFactory.tellWhereHidden(this, TITLE, done);
        if (!summary.problems().isEmpty()) {
            WindowFactory.showProblem(this, TITLE, UiTexts.get("error.someImages",
                    summary.problems().size(),
                    summary.problems().size() + summary.images().size(),
                    String.join("\n", summary.problems())));
        }
    }

    /** The probability map of the image in the window, if that is wanted and there is one. */
    private void showMap(PredictSummary summary) {
        ImageData<BufferedImage> open = qupath.getImageData();
        if (!overlay.isSelected() || open == null) {
            return;
        }
        Project<BufferedImage> project = qupath.getProject();
        var entry = project == null ? null : project.getEntry(open);
        String id = entry == null ? OpenImage.NO_PROJECT : entry.getID();
        for (PredictSummary.Image image : summary.images()) {
            Path map = image.probabilities(ImageStacks.shown(qupath.getViewer()));
            if (image.id().equals(id) && map != null) {
                ProbabilityMapCommand.show(qupath, map).exceptionally(problem -> {
                    BackgroundThreads.later(() -> WindowFactory.showProblem(this, TITLE, problem));
                    return null;
                });
            }
        }
    }

    @FXML
    private void copyAsScript() {
        PredictTargetPane.Choice chosen = scope.choice();
        Map<String, Object> arguments = arguments();
        arguments.putAll(chosen.arguments());
        String script = GroovyCall.named(chosen.method(), arguments);
        Clipboard.getSystemClipboard().setContent(Map.of(DataFormat.PLAIN_TEXT, script));
        Dialogs.showInfoNotification(UiTexts.get(TITLE), UiTexts.get("run.copied"));
    }

    private Map<String, Object> arguments() {
        Map<String, Object> arguments = new LinkedHashMap<>();
        arguments.put("model", models.selectedProperty().get().path());
        arguments.put("as", output.getValue().option());
        arguments.put("minArea", minArea.getValue());
        arguments.put("simplify", simplify.getValue());
        arguments.put("device", chosenDevice());
        return arguments;
    }

    /** null: what is best. */
    private String chosenDevice() {
        return "auto".equals(device.getValue()) ? null : device.getValue();
    }

    private void remember() {
        Preferences.output().set(output.getValue().option());
        Preferences.overlay().set(overlay.isSelected());
        Preferences.minArea().set(minArea.getValue());
        Preferences.simplify().set(simplify.getValue());
        Preferences.device().set(device.getValue());
    }

    @FXML
    private void close() {
        WindowFactory.close(this);
    }

}
