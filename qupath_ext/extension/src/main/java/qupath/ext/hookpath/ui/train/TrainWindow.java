package qupath.ext.hookpath.ui.train;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import javafx.application.Platform;
import javafx.beans.Observable;
import javafx.beans.binding.Bindings;
import javafx.beans.value.ChangeListener;
import javafx.fxml.FXML;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.input.Clipboard;
import javafx.scene.input.DataFormat;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import javafx.stage.Stage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.JobLauncher;
import qupath.ext.hookpath.Preferences;
import qupath.ext.hookpath.PythonChoice;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.environment.PythonProblem;
import qupath.ext.hookpath.core.jobs.GroovyCall;
import qupath.ext.hookpath.core.jobs.JobEvent;
import qupath.ext.hookpath.core.jobs.JobOutcome;
import qupath.ext.hookpath.core.jobs.PreloadedPython;
import qupath.ext.hookpath.core.models.NetworkFamilies;
import qupath.ext.hookpath.core.models.NetworkFamily;
import qupath.ext.hookpath.core.training.AnnotatedImage;
import qupath.ext.hookpath.core.training.EpochMetrics;
import qupath.ext.hookpath.core.training.MetricCurves;
import qupath.ext.hookpath.core.training.TrainingPlan;
import qupath.ext.hookpath.core.training.TrainingRole;
import qupath.ext.hookpath.core.training.TrainingRunFolder;
import qupath.ext.hookpath.predict.ModelList;
import qupath.ext.hookpath.train.ImageRoles;
import qupath.ext.hookpath.train.TrainDryRun;
import qupath.ext.hookpath.train.TrainJob;
import qupath.ext.hookpath.train.TrainOptions;
import qupath.ext.hookpath.train.TrainSummary;
import qupath.ext.hookpath.ui.BackgroundDryRun;
import qupath.ext.hookpath.ui.JobPane;
import qupath.ext.hookpath.ui.NamedChoice;
import qupath.ext.hookpath.ui.RunWindow;
import qupath.ext.hookpath.ui.WarningColor;
import qupath.ext.hookpath.ui.WindowFactory;
import qupath.fx.dialogs.Dialogs;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.projects.Project;

/**
 * <em>Train…</em>: what is annotated and what each image is for, how to train, then curves while
 * it trains and a summary. Training goes on when the window is closed.
 */
public final class TrainWindow extends StackPane implements WindowFactory.AtWork {

    private static final String TITLE = "train.title";

    private static final Logger logger = LoggerFactory.getLogger(TrainWindow.class);
    private static final long REDRAW_NS = 1_000_000_000;

    private final QuPathGUI qupath;
    private final ResumeBar resumable;
    private final ChangeListener<Project<BufferedImage>> onProject = (o, was, is) -> load();
    private final BackgroundDryRun<TrainDryRun> estimate =
            new BackgroundDryRun<>("estimate", TrainDryRun::of, this::showEstimate);
    private Project<BufferedImage> project;
    private TrainJob training;
    private TrainSummary summary;
    private MetricCurves curves = new MetricCurves();
    private int epochs;
    private int stepsPerEpoch; // 0: not known yet, -1: being looked up
    private long drawn;
    private boolean finishing;
    private String network;

    @FXML private VBox setup;
    @FXML private HBox resumeBar;
    @FXML private Label resumeText;
    @FXML private PlanTable plan;
    @FXML private SettingsPane settings;
    @FXML private Label message;
    @FXML private Label estimateText;
    @FXML private Button copy;
    @FXML private Button train;
    @FXML private VBox progress;
    @FXML private Label headline;
    @FXML private CurvesPane curvesPane;
    @FXML private Label soFar;
    @FXML private JobPane job;
    @FXML private VBox result;
    @FXML private Label resultText;
    @FXML private GridPane scores;
    @FXML private Button report;

    private TrainWindow(QuPathGUI qupath) {
        this.qupath = qupath;
        WindowFactory.load(this, "train-window.fxml");
        resumable = new ResumeBar(resumeBar, resumeText);
        WindowFactory.fold(setup, progress, curvesPane, result, job, soFar);
        message.textProperty().addListener((o, was, is) -> WarningColor.set(message,
                project == null || plan.planProperty().get() != null));   // else it is being read
        message.textProperty().bind(Bindings.createStringBinding(this::said, observed()));
        train.disableProperty().bind(Bindings.createBooleanBinding(
                () -> !whyNot().isEmpty(), observed()));
        copy.disableProperty().bind(train.disableProperty());
        for (Observable one : observed()) {
            one.addListener(changed -> lookAhead());
        }
        plan.planProperty().addListener((o, was, is) -> {
            settings.setClasses(is == null ? List.of() : is.classes());
            settings.setChannels(is == null ? List.of() : is.channels());
        });
        settings.setOnLineWidth(plan::setLineWidth);
        plan.setOnProblem(problem -> WindowFactory.showProblem(this, TITLE, problem));
        job.setStopText(UiTexts.get("train.stop"));
        job.setBeforeCancel(() -> WindowFactory.sure(this, TITLE,
                UiTexts.get(training != null && training.resumes()
                        ? "train.cancel.resumed" : "train.cancel.sure"),
                UiTexts.get("train.cancel")));
        job.setOnEvent(this::heard);
        showSetup();
        qupath.projectProperty().addListener(onProject);
        load();
    }

    /** Shows the window, or brings it to the front. */
    public static void show(QuPathGUI qupath) {
        Stage stage = WindowFactory.show(qupath, TITLE, () -> new TrainWindow(qupath));
        TrainWindow window = (TrainWindow) stage.getScene().getRoot();
        window.warmUp();
        window.lookAhead();
        if (stage.getOnHiding() == null) {
            stage.setOnHiding(event -> window.hidden());
            stage.focusedProperty().addListener((o, was, is) -> {
                if (is) {
                    window.refresh();
                }
            });
        }
    }

    @Override
    public boolean isAtWork() {
        return job.runningProperty().get() || finishing;
    }

    /** What a training needs is loaded while a person still chooses. */
    private void warmUp() {
        if (!isAtWork() && project != null) {
            BackgroundThreads.background().execute(() -> {
                try {
                    PreloadedPython.prepare(PythonChoice.find(null));
                } catch (PythonProblem | IOException e) {
                    logger.debug("No Python to be prepared", e); // Train says so
                }
            });
        }
    }

    private void hidden() {
        PreloadedPython.release();
        estimate.cancel();
        if (!isAtWork()) {
            qupath.projectProperty().removeListener(onProject);
        }
    }

    /** Measures what the training would take as everything is set now, unless that is known. */
    private void lookAhead() {
        if (isAtWork() || !setup.isVisible() || !whyNot().isEmpty() || !isShown()
                || !settings.isMeasurable()) {
            estimate.cancel();
            return;
        }
        Map<String, Object> arguments = arguments(AnnotatedImage::id);
        Map<String, TrainingRole> roles = plan.roles();
        Project<BufferedImage> of = project;
        Map<String, Object> asked = new LinkedHashMap<>(arguments);
        asked.keySet().removeAll(List.of("name", "out"));
        estimate.want(of.getPath() + " " + asked + " " + plan.planProperty().get().used(),
                folder -> TrainDryRun.start(of, TrainOptions.of(arguments, of), roles, folder));
    }

    private void showEstimate(BackgroundDryRun.State state, TrainDryRun found) {
        estimateText.setText(switch (state) {
            case NOTHING -> "";
            case LOOKING -> UiTexts.get("train.estimate.looking");
            case FOUND -> PlanFindings.estimate(found);
        });
        WarningColor.set(estimateText, found != null && PlanFindings.deservesALook(found));
    }

    private Observable[] observed() {
        List<Observable> all = new ArrayList<>(settings.observed());
        all.addAll(List.of(plan.planProperty(), job.runningProperty(), setup.visibleProperty()));
        return all.toArray(Observable[]::new);
    }

    private void load() {
        if (isAtWork()) {
            return;
        }
        if (project != qupath.getProject()) {
            showSetup();    // what was trained in another project is of no interest here
        }
        project = qupath.getProject();
        Path models = ModelList.modelsIn(JobLauncher.base(project));
        settings.setProject(project);
        plan.load(project);
        resumable.look(project == null ? null : models);
    }

    /** What is on the screen may have changed while the window was not in front. */
    private void refresh() {
        if (project != null && setup.isVisible()) {
            qupath.getAllViewers().stream().map(viewer -> viewer.getImageData())
                    .filter(data -> data != null && project.getEntry(data) != null)
                    .forEach(data -> plan.refresh(project.getEntry(data)));
        }
    }

    private String whyNot() {
        if (project == null) {
            return UiTexts.get("error.noProject");
        }
        TrainingPlan found = plan.planProperty().get();
        if (found == null) {
            return UiTexts.get("train.why.reading");
        }
        return found.whyNot() != null ? PlanFindings.text("train.why.", found.whyNot())
                : settings.whyNot(found);
    }

    /** Why it cannot train, else what deserves a look. */
    private String said() {
        String why = whyNot();
        return !why.isEmpty() ? why : PlanFindings.notes(plan.planProperty().get());
    }

    @FXML
    private void train() {
        Map<String, Object> arguments = arguments(AnnotatedImage::id);
        Map<String, TrainingRole> roles = plan.roles();
        Project<BufferedImage> of = project;
        start(settings.family(), () -> {
            ImageRoles.write(of, roles);
            return new TrainJob(of, TrainOptions.of(arguments, of));
        });
    }

    @FXML
    private void resume() {
        TrainingRunFolder run = resumable.run();
        if (run == null) {
            return;
        }
        Project<BufferedImage> of = project;
        curves = new MetricCurves(run.metrics());
        start(run.family(), () -> new TrainJob(of,
                TrainOptions.of(Map.of("out", run.path(), "resume", true), of)));
        epochs = run.epochs();
        draw();
    }

    @FXML
    private void forget() {
        resumable.forget(problem -> WindowFactory.showProblem(this, TITLE, problem));
    }

    private void start(String family, Callable<TrainJob> made) {
        estimate.cancel();
        summary = null;
        epochs = 0;
        stepsPerEpoch = 0;
        network = NamedChoice.text(family);
        NetworkFamily known = NetworkFamilies.get(family);
        curvesPane.setVisible(known == null || known.learnsInEpochs());
        showProgress(UiTexts.get("train.headline", network));
        draw();
        job.run(onEvent -> {
            training = made.call();
            Path run = training.run();
            Platform.runLater(() -> headline.setText(UiTexts.get("train.headline.run",
                    network, run.getFileName())));
            return training.start(onEvent);
        }, this::ended, this::failed);
    }

    private void heard(JobEvent event) {
        switch (event) {
            case JobEvent.Result found when "epoch".equals(found.kind()) -> {
                curves.add(EpochMetrics.of(found.data()));
                drawn = System.nanoTime();
                draw();
            }
            case JobEvent.Progress steps when "train".equals(steps.task()) && epochs == 0
                    && stepsPerEpoch == 0 && steps.done() > 0 -> lookUpSteps();
            case JobEvent.Progress steps when "train".equals(steps.task()) && stepsPerEpoch > 0
                    && steps.figures().containsKey("loss")
                    && System.nanoTime() - drawn > REDRAW_NS -> {
                drawn = System.nanoTime();
                curves.addUnderWay(steps.done() / stepsPerEpoch, steps.figures().get("loss"));
                draw();
            }
            case JobEvent.Progress steps when "train".equals(steps.task())
                    && steps.total() != null && epochs <= 0 && curves.best() != null -> {
                EpochMetrics row = curves.best();
                epochs = (int) Math.round(steps.total() / ((double) row.step() / row.epoch()));
                draw();
            }
            default -> { }
        }
    }

    /** The run's record says how many steps are an epoch. */
    private void lookUpSteps() {
        stepsPerEpoch = -1;     // asked once
        TrainJob mine = training;
        BackgroundThreads.work(() -> TrainingRunFolder.read(mine.run()), run -> {
            stepsPerEpoch = mine == training ? run.steps() : stepsPerEpoch;
            epochs = mine == training ? run.epochs() : epochs;
        }, problem -> { });
    }

    private void draw() {
        curvesPane.show(curves, epochs);
        EpochMetrics best = curves.best();
        soFar.setVisible(best != null && curvesPane.isVisible());
        if (best != null) {
            soFar.setText(Double.isNaN(best.f1()) ? UiTexts.get("train.soFar.noF1", curves.epochs())
                    : UiTexts.get("train.soFar", curves.epochs(), best.f1(), best.epoch()));
        }
    }

    private void ended(JobOutcome outcome) {
        TrainJob done = training;
        boolean cancelled = job.wasCancelled();
        finishing = true;
        if (cancelled) {
            BackgroundThreads.work(() -> {
                done.discard();
                return null;
            }, nothing -> back(), this::failed);
        } else {
            BackgroundThreads.work(() -> done.finish(outcome), this::showResult, this::failed);
        }
    }

    private void failed(Throwable problem) {
        finishing = false;
        back();
        WindowFactory.showProblem(isShown() ? this : null, TITLE, problem);
    }

    private boolean isShown() {
        return getScene() != null && getScene().getWindow() != null
                && getScene().getWindow().isShowing();
    }

    private void showResult(TrainSummary found) {
        finishing = false;
        summary = found;
        if (project == qupath.getProject()) {
            Preferences.lastModel().set(found.model().toString());
        }
        ModelList.changed();
        if (found.epochs() > 0) {
            curves = new MetricCurves(TrainingRunFolder.read(found.run()).metrics());
        }
        draw();
        headline.setText(
                UiTexts.get("train.headline.done", network, found.run().getFileName()));
        ResultPane.fill(found, resultText, scores);
        report.setDisable(found.report() == null);
        soFar.setVisible(false);
        job.setVisible(false);
        result.setVisible(true);
        if (!isShown()) {
            Dialogs.showInfoNotification(UiTexts.get(TITLE), resultText.getText());
        }
    }

    private void showSetup() {
        setup.setVisible(true);
        progress.setVisible(false);
        result.setVisible(false);
    }

    private void showProgress(String text) {
        headline.setText(text);
        setup.setVisible(false);
        progress.setVisible(true);
        result.setVisible(false);
        job.setVisible(true);
        progress.setFocusTraversable(true);
        progress.requestFocus(); // not on Stop, which a key would then press
    }

    private void back() {
        finishing = false;
        curves = new MetricCurves();
        showSetup();
        load();
    }

    @FXML
    private void again() {
        back();
        warmUp();
    }

    @FXML
    private void openReport() {
        QuPathGUI.openInBrowser(summary.report().toUri().toString());
    }

    @FXML
    private void runModel() {
        Preferences.lastModel().set(summary.model().toString());
        close();    // else it covers the slide; all that it says is in the list of models, too
        RunWindow.show(qupath);
    }

    @FXML
    private void copyAsScript() {
        String script = GroovyCall.named("train", arguments(AnnotatedImage::name));
        Clipboard.getSystemClipboard().setContent(Map.of(DataFormat.PLAIN_TEXT, script));
        Dialogs.showInfoNotification(UiTexts.get(TITLE), UiTexts.get("train.copied"));
    }

    private Map<String, Object> arguments(Function<AnnotatedImage, String> named) {
        TrainingPlan chosen = plan.planProperty().get();
        Map<String, Object> arguments = new LinkedHashMap<>(settings.arguments());
        arguments.put("classes", plan.isSomethingOff() ? chosen.classes() : null);
        arguments.put("channels", settings.channels(chosen.channelsDiffer()));
        arguments.put("images", chosen.used().stream().map(named).toList());
        return arguments;
    }

    @FXML
    private void close() {
        ((Stage) getScene().getWindow()).close();
    }
}
