package qupath.ext.hookpath.ui.loop;

import java.awt.image.BufferedImage;
import java.io.File;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import javafx.beans.value.ChangeListener;
import javafx.collections.ObservableList;
import javafx.fxml.FXML;
import javafx.scene.control.Button;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.MenuButton;
import javafx.scene.control.MenuItem;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableView;
import javafx.scene.control.TextField;
import javafx.scene.control.TitledPane;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.VBox;
import javafx.stage.Stage;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.ErrorMessages;
import qupath.ext.hookpath.ImageStacks;
import qupath.ext.hookpath.TargetRegions;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.Devices;
import qupath.ext.hookpath.core.Plane;
import qupath.ext.hookpath.core.jobs.JobEvent;
import qupath.ext.hookpath.core.jobs.JobOutcome;
import qupath.ext.hookpath.core.jobs.MessageWording;
import qupath.ext.hookpath.core.loop.LoopBeginning;
import qupath.ext.hookpath.core.loop.LoopStatus;
import qupath.ext.hookpath.core.models.ModelFolder;
import qupath.ext.hookpath.core.models.NetworkFamilies;
import qupath.ext.hookpath.core.training.AnnotatedImage;
import qupath.ext.hookpath.core.training.EpochMetrics;
import qupath.ext.hookpath.core.training.FurtherSettingsParser;
import qupath.ext.hookpath.core.training.LinesAndPoints;
import qupath.ext.hookpath.core.training.MetricCurves;
import qupath.ext.hookpath.loop.LoopJob;
import qupath.ext.hookpath.loop.LoopOptions;
import qupath.ext.hookpath.loop.LoopSummary;
import qupath.ext.hookpath.predict.ModelList;
import qupath.ext.hookpath.ui.JobPane;
import qupath.ext.hookpath.ui.ModelChoice;
import qupath.ext.hookpath.ui.NamedChoice;
import qupath.ext.hookpath.ui.PlanePane;
import qupath.ext.hookpath.ui.WarningColor;
import qupath.ext.hookpath.ui.WindowFactory;
import qupath.ext.hookpath.ui.train.CurvesPane;
import qupath.ext.hookpath.ui.train.SettingsPane;
import qupath.fx.dialogs.Dialogs;
import qupath.fx.dialogs.FileChoosers;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.images.ImageData;
import qupath.lib.objects.PathObject;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;

/**
 * <em>Annotation loop…</em>: where every image stands, and the steps: propose, next image,
 * confirm, retrain.
 */
public final class LoopWindow extends VBox implements WindowFactory.AtWork {

    private static final String TITLE = "loop.title";

    /**
     * What Python said last, by the loop's folder: shown at once when the window is opened again.
     */
    private static final Map<Path, LoopStatus> KNOWN = new HashMap<>();

    private final QuPathGUI qupath;
    private final AnnotatedImages annotations = new AnnotatedImages(this::annotated);
    private final ChangeListener<ImageData<BufferedImage>> onChange = (o, was, is) -> {
        annotations.refresh(entryOf(was));  // what was drawn on it was saved, or not
        update();
    };
    private final ChangeListener<Project<BufferedImage>> onProject = (o, was, is) -> load();
    private final ObservableList<LoopStatus.Image> all;
    private final Runnable unfollow;
    private LoopBeginning beginning;
    private Project<BufferedImage> project;
    private LoopStatus status;
    private boolean begun;
    private boolean asked;
    private MetricCurves curves = new MetricCurves();
    private String running;
    private String trouble = "";

    @FXML private Label headline;
    @FXML private TextField filter;
    @FXML private TableView<LoopStatus.Image> images;
    @FXML private TableColumn<LoopStatus.Image, String> image;
    @FXML private TableColumn<LoopStatus.Image, LoopStatus.State> state;
    @FXML private TableColumn<LoopStatus.Image, Double> labelled;
    @FXML private TableColumn<LoopStatus.Image, Double> worth;
    @FXML private GridPane startPane;
    @FXML private ModelChoice model;
    @FXML private ComboBox<String> family;
    @FXML private ComboBox<String> preset;
    @FXML private ComboBox<String> rest;
    @FXML private TextField lineWidth;
    @FXML private TextField further;
    @FXML private PlanePane planes;
    @FXML private Button start;
    @FXML private HBox steps;
    @FXML private Button propose;
    @FXML private Button next;
    @FXML private MenuButton confirm;
    @FXML private Button retrain;
    @FXML private MenuButton more;
    @FXML private MenuItem rank;
    @FXML private Label message;
    @FXML private TitledPane figuresPane;
    @FXML private GridPane figures;
    @FXML private CurvesPane curvesPane;
    @FXML private JobPane job;

    private LoopWindow(QuPathGUI qupath) {
        this.qupath = qupath;
        WindowFactory.load(this, "loop-window.fxml");
        all = ImageStateTable.prepare(images, filter, image, state, labelled, worth, this::open);
        NamedChoice.fill(family, NamedChoice.NETWORK, "hooknet", "unet");
        NamedChoice.fill(preset, NamedChoice.PRESET,
                NetworkFamilies.presets(Devices.here()).toArray(String[]::new));
        model.offer(UiTexts.get("loop.model.none"), ModelFolder::canBeTrainedOn);
        family.disableProperty().bind(model.valueProperty().isNotNull());
        WindowFactory.fold(startPane, steps, figuresPane, curvesPane, job);
        job.setVisible(false);
        job.setOnEvent(this::heard);
        curvesPane.setVisible(false);
        images.getSelectionModel().selectedItemProperty()
                .addListener((o, was, is) -> offerPropose());
        qupath.projectProperty().addListener(onProject);
        qupath.imageDataProperty().addListener(onChange);
        unfollow = ImageStacks.follow(qupath, this::update);
        load();
    }

    /** Shows the window, or brings it to the front. */
    public static void show(QuPathGUI qupath) {
        Stage stage = WindowFactory.show(qupath, TITLE, () -> new LoopWindow(qupath));
        LoopWindow window = (LoopWindow) stage.getScene().getRoot();
        if (stage.getOnHiding() == null) {
            stage.setOnHiding(event -> {
                if (!window.isAtWork()) {
                    window.forgotten();
                }
            });
            stage.focusedProperty().addListener((o, was, is) -> {
                if (is && !window.begun) {
                    window.annotations.refresh(window.current());
                }
            });
        }
    }

    /** Goes to the next image that is to be corrected; shows the window where there is none. */
    public static void next(QuPathGUI qupath) {
        LoopWindow open = WindowFactory.content(TITLE, LoopWindow.class);
        if (open != null && open.steps.isVisible() && !open.next.isDisabled()) {
            open.next();
        } else {
            show(qupath);
        }
    }

    /** Asks whether all that is shown on the image is right; shows the window if it is not open. */
    public static void confirm(QuPathGUI qupath) {
        LoopWindow open = WindowFactory.content(TITLE, LoopWindow.class);
        if (open != null && open.steps.isVisible() && !open.confirm.isDisabled()) {
            open.confirmWhole();
        } else {
            show(qupath);
        }
    }

    @Override
    public boolean isAtWork() {
        return running != null;
    }

    private void forgotten() {
        qupath.projectProperty().removeListener(onProject);
        qupath.imageDataProperty().removeListener(onChange);
        unfollow.run();
    }

    /** Shows what the project's metadata says at once, the metrics when Python has said them. */
    private void load() {
        if (running != null) {
            return;
        }
        project = qupath.getProject();
        begun = project != null && LoopOptions.hasBegun(LoopOptions.folder(project));
        LoopStatus known = begun ? KNOWN.get(LoopOptions.folder(project)) : null;
        asked = known != null;
        status = project == null ? null : asked ? known : ImageStateTable.fromMetadata(project);
        beginning = null;
        trouble = "";
        model.load(project);
        rest.getItems().setAll(LoopStartChoices.classes(project));
        rest.getSelectionModel().selectFirst();
        update();
        annotations.load(begun ? null : project);
        if (begun) {
            ask();
        } else {
            offerPlanes();
        }
    }

    /** Before a loop has begun: what there is for it. */
    private void annotated(List<AnnotatedImage> found) {
        if (!begun) {
            beginning = LoopBeginning.of(found);
            status = ImageStateTable.fromAnnotations(found);
            update();
        }
    }

    /** Of stacks the loop takes the planes that were drawn on; else those that QuPath opens. */
    private void offerPlanes() {
        Project<BufferedImage> of = project;
        planes.offer(1, 1, null);
        if (of == null) {
            return;
        }
        BackgroundThreads.work(() -> {
            Plane size = ImageStacks.largest(of.getImageList());
            return Map.entry(size, size.equals(new Plane(1, 1)) ? Set.<Plane>of()
                    : ImageStacks.drawnElsewhere(of));
        }, found -> {
            if (of == project) {
                planes.offer(found.getKey().z(), found.getKey().t(), null);
                if (!found.getValue().isEmpty()) {
                    planes.choose(found.getValue());
                }
            }
        }, problem -> { });     // an image that cannot be read says so when the loop begins
    }

    private void ask() {
        Project<BufferedImage> of = project;
        say(UiTexts.get("loop.looking"), false);
        BackgroundThreads.work(() -> {
            var asked = new LoopJob(of, LoopOptions.of("status", Map.of(), of));
            return asked.finish(asked.start(event -> { }).await());
        }, found -> {
            if (of == project) {
                know(found.status());
                update();
            }
        }, e -> {
            trouble = ErrorMessages.oneLine(e);
            update();
        });
    }

    private void know(LoopStatus found) {
        status = found;
        asked = true;
        KNOWN.put(LoopOptions.folder(project), found);
    }

    /** Where no image is to do, only one that is chosen can be proposed on, again. */
    private void offerPropose() {
        boolean nothingLeft = asked && status != null
                && status.count(LoopStatus.State.TODO) == 0
                && images.getSelectionModel().isEmpty();
        propose.setDisable(project == null || running != null || nothingLeft);
    }

    private void heard(JobEvent event) {
        if (event instanceof JobEvent.Result found && "epoch".equals(found.kind())) {
            curves.add(EpochMetrics.of(found.data()));
            curvesPane.show(curves, curves.epochs());
            if (!curvesPane.isVisible()) {
                curvesPane.setVisible(true);
                figuresPane.setVisible(false);
                WindowFactory.growWith(this);
            }
        }
    }

    private void update() {
        boolean usable = project != null && running == null;
        startPane.setVisible(project != null && !begun);
        steps.setVisible(begun);
        start.setDisable(!usable);
        next.setDisable(!usable || status == null || !status.hasNext(currentId()));
        confirm.setDisable(!usable || currentId() == null);
        more.setDisable(!usable);
        rank.setDisable(status == null || status.count(LoopStatus.State.TODO) == 0);
        retrain.setDisable(!usable || status == null || !status.canRetrain());
        if (status != null) {
            LoopStatus.Image chosen = images.getSelectionModel().getSelectedItem();
            all.setAll(ImageStateTable.inOrder(status.images()));
            ImageStateTable.select(images, chosen);
        } else {
            all.clear();
        }
        offerPropose();
        headline.setText(begun ? NextStepHint.headline(status) : UiTexts.get("loop.headline.none"));
        say(running != null ? UiTexts.get("loop.busy." + running)
                : !trouble.isEmpty() ? MessageWording.inWindow(trouble) : hint(),
                running == null && (project == null || !trouble.isEmpty()));
        figuresPane.setVisible(begun && status != null && !status.rounds().isEmpty()
                && !curvesPane.isVisible());
        if (figuresPane.isVisible()) {
            RoundMetrics.fill(figures, status);
        }
    }

    private String hint() {
        return project == null ? UiTexts.get("error.noProject")
                : begun ? NextStepHint.hint(status, currentId()) : NextStepHint.begin(beginning);
    }

    private void say(String text, boolean warns) {
        message.setText(text);
        WarningColor.set(message, warns);
    }

    @FXML
    private void start() {
        Map<String, Object> arguments = new LinkedHashMap<>();
        boolean given = model.getValue() != null;
        arguments.put("initFrom", given ? model.getValue().path() : null);
        arguments.put("model", given ? null : family.getValue());
        arguments.put("preset", preset.getValue());
        arguments.put("rest", rest.getSelectionModel().getSelectedIndex() <= 0 ? null
                : rest.getValue());
        double um = LinesAndPoints.width(lineWidth.getText());
        if (Double.isNaN(um)) {
            WindowFactory.showProblem(this, TITLE,
                    UiTexts.get("train.why.lineWidth", lineWidth.getText().strip()));
            return;
        }
        arguments.put("lineWidth", um > 0 ? um : null);
        if (!planes.whyNot().isEmpty()) {
            WindowFactory.showProblem(this, TITLE, planes.whyNot());
            return;
        }
        arguments.putAll(planes.choice().arguments());
        try {
            List<String> more = FurtherSettingsParser.parse(further.getText());
            arguments.put("set", more.isEmpty() ? null : more);
        } catch (FurtherSettingsParser.Misunderstood e) {
            WindowFactory.showProblem(this, TITLE, SettingsPane.text(e));
            return;
        }
        run("start", () -> arguments);
    }

    @FXML
    private void propose() {
        LoopStatus.Image chosen = images.getSelectionModel().getSelectedItem();
        run("propose", () -> chosen == null ? Map.of() : Map.of("image", chosen.id()));
    }

    @FXML
    private void next() {
        LoopStatus.Image found = status.next(currentId());
        if (found != null) {
            open(found);
        }
    }

    private void open(LoopStatus.Image wanted) {
        project.getImageList().stream()
                .filter(e -> e.getID().equals(Plane.imageOf(wanted.id()))).findFirst()
                .ifPresent(qupath::openImageEntry);
        Plane plane = Plane.ofId(wanted.id());
        if (plane != null && wanted.id().equals(plane.idOn(entryId()))) {
            qupath.getViewer().setZPosition(plane.z());
            qupath.getViewer().setTPosition(plane.t());
        }
    }

    @FXML
    private void confirmWhole() {
        String sure = UiTexts.get("loop.confirm.sure", status.image(currentId()).name());
        if (status.rest() != null) {
            sure += " " + UiTexts.get("loop.confirm.rest", status.rest());
        }
        if (Dialogs.showConfirmDialog(UiTexts.get(TITLE), sure)) {
            accept(Map.of("whole", true));
        }
    }

    @FXML
    private void confirmSelected() {
        List<PathObject> regions = TargetRegions.usable(
                qupath.getImageData().getHierarchy().getSelectionModel().getSelectedObjects());
        if (regions.isEmpty()) {
            WindowFactory.showProblem(this, TITLE, UiTexts.get("loop.why.noRegion"));
            return;
        }
        accept(Map.of("region", regions.stream().map(o -> o.getID().toString()).toList()));
    }

    @FXML
    private void confirmDrawn() {
        accept(Map.of());
    }

    private void accept(Map<String, ?> how) {
        String id = currentId();
        run("accept", () -> {
            Map<String, Object> arguments = new LinkedHashMap<>(how);
            arguments.put("image", id);
            return arguments;
        });
    }

    @FXML
    private void retrain() {
        run("retrain", Map::of);
    }

    @FXML
    private void rank() {
        run("next", Map::of);
    }

    @FXML
    private void merge() {
        File copy = FileChoosers.promptForDirectory(
                WindowFactory.windowOf(this), UiTexts.get("loop.more.merge.title"), null);
        if (copy != null) {
            run("merge", () -> Map.of("with", copy.getPath()));
        }
    }

    private void run(String step, Callable<Map<String, ?>> arguments) {
        Project<BufferedImage> of = project;
        LoopJob[] made = new LoopJob[1];
        trouble = "";
        curves = new MetricCurves();
        running = "propose".equals(step) && status.round() == 0 ? "first" : step;
        job.setVisible(true);
        images.requestFocus(); // else it goes to Cancel, where a key ends the step
        update();
        job.setStopText("retrain".equals(step) ? UiTexts.get("loop.stop") : null);
        job.run(onEvent -> {
            made[0] = new LoopJob(of, LoopOptions.of(step, arguments.call(), of));
            return made[0].start(onEvent);
        }, outcome -> ended(step, made[0], outcome), this::failed);
    }

    private void ended(String step, LoopJob done, JobOutcome outcome) {
        job.busy(UiTexts.get("loop.importing"));
        boolean cancelled = job.wasCancelled();
        BackgroundThreads.work(() -> done.finish(outcome), this::done, e -> {
            if (cancelled || outcome.state() == JobOutcome.State.STOPPED) {
                done(null);
                say("retrain".equals(step)
                        ? UiTexts.get("loop.stopped") : ErrorMessages.oneLine(e), false);
            } else {
                failed(e);
            }
        });
    }

    private void done(LoopSummary found) {
        job.idle("");
        job.setVisible(false);
        curvesPane.setVisible(false);
        running = null;
        if (project != qupath.getProject()) {
            load(); // another project was opened meanwhile; what was done is in the first one
            return;
        }
        begun = LoopOptions.hasBegun(LoopOptions.folder(project));
        if (found != null && found.status() != null) {
            know(found.status());
        }
        update();
        qupath.refreshProject();
        ModelList.changed();
        if (found != null) {
            say(NextStepHint.done(found, hint()), false);
            WindowFactory.tellWhereHidden(this, TITLE, message.getText());
            if (!found.problems().isEmpty()) {
                WindowFactory.showProblem(this, TITLE, String.join("\n", found.problems()));
            }
        }
    }

    private void failed(Throwable problem) {
        done(null);
        WindowFactory.showProblem(this, TITLE, problem);
    }

    private ProjectImageEntry<BufferedImage> current() {
        return entryOf(qupath.getImageData());
    }

    private ProjectImageEntry<BufferedImage> entryOf(ImageData<BufferedImage> open) {
        return project == null || open == null ? null : project.getEntry(open);
    }

    private String entryId() {
        ProjectImageEntry<BufferedImage> entry = current();
        return entry == null ? null : entry.getID();
    }

    /** In the loop: of a stack whose planes were chosen, that of the plane in the viewer. */
    private String currentId() {
        LoopStatus.Image shown = status == null ? null
                : status.shown(entryId(), ImageStacks.shown(qupath.getViewer()));
        return shown == null ? null : shown.id();
    }
}
