package qupath.ext.hookpath.ui.demo;

import java.awt.image.BufferedImage;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import javafx.animation.Animation;
import javafx.animation.KeyFrame;
import javafx.animation.Timeline;
import javafx.fxml.FXML;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.layout.VBox;
import javafx.stage.Stage;
import javafx.stage.WindowEvent;
import javafx.util.Duration;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.Preferences;
import qupath.ext.hookpath.PythonChoice;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.FirstSteps;
import qupath.ext.hookpath.core.FirstSteps.Step;
import qupath.ext.hookpath.predict.ModelList;
import qupath.ext.hookpath.preview.PreviewCommand;
import qupath.ext.hookpath.ui.RunWindow;
import qupath.ext.hookpath.ui.WindowFactory;
import qupath.ext.hookpath.ui.setup.SetupWindow;
import qupath.ext.hookpath.ui.train.TrainWindow;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.gui.commands.Commands;
import qupath.lib.images.ImageData;
import qupath.lib.objects.PathObject;
import qupath.lib.projects.Project;

/**
 * <em>First steps</em>: leads from the beginning to a first model, and goes away. It looks what is
 * done rather than remembers it, so that it is right however somebody came there.
 */
public final class FirstStepsWindow extends VBox {

    private static final String TITLE = "first.title";
    private static final Duration LOOK_EVERY = Duration.seconds(2);

    private final QuPathGUI qupath;
    private final Map<Step, Label> signs = new EnumMap<>(Step.class);
    private final Timeline looking =
            new Timeline(new KeyFrame(LOOK_EVERY, event -> look()));
    private volatile boolean python;
    private boolean asking;
    private String asked;
    private Button offered;

    @FXML private Label pythonSign;
    @FXML private Label projectSign;
    @FXML private Label drawSign;
    @FXML private Label trainSign;
    @FXML private Label next;
    @FXML private Button setUp;
    @FXML private Button demo;
    @FXML private Button own;
    @FXML private Button live;
    @FXML private Button train;
    @FXML private Button run;

    private FirstStepsWindow(QuPathGUI qupath) {
        this.qupath = qupath;
        WindowFactory.load(this, "first-steps.fxml");
        signs.put(Step.PYTHON, pythonSign);
        signs.put(Step.PROJECT, projectSign);
        signs.put(Step.DRAW, drawSign);
        signs.put(Step.TRAIN, trainSign);
        looking.setCycleCount(Animation.INDEFINITE);
        looking.play();
        look();
    }

    /** Shows it, or brings it to the front. */
    public static void show(QuPathGUI qupath) {
        Stage stage = WindowFactory.show(qupath, TITLE, () -> new FirstStepsWindow(qupath));
        FirstStepsWindow window = (FirstStepsWindow) stage.getScene().getRoot();
        stage.addEventHandler(WindowEvent.WINDOW_HIDDEN, event -> window.looking.stop());
    }

    /** Shows it when QuPath has begun, until somebody has closed it. */
    public static void showAtFirst(QuPathGUI qupath) {
        if (!Preferences.firstSteps().get()) {
            return;
        }
        Runnable open = () -> {
            show(qupath);
            Preferences.firstSteps().set(false);
        };
        if (qupath.getStage().isShowing()) {
            BackgroundThreads.later(open);
        } else {
            qupath.getStage().addEventHandler(WindowEvent.WINDOW_SHOWN,
                    event -> BackgroundThreads.later(open));
        }
    }

    @FXML
    private void setUp() {
        SetupWindow.show(qupath);
    }

    @FXML
    private void demo() {
        DemoWindow.show(qupath);
    }

    @FXML
    private void own() {
        Commands.promptToOpenProject(qupath);
    }

    @FXML
    private void live() {
        PreviewCommand.toggleLive(qupath);
    }

    @FXML
    private void run() {
        RunWindow.show(qupath);
    }

    @FXML
    private void train() {
        TrainWindow.show(qupath);
    }

    @FXML
    private void close() {
        WindowFactory.close(this);
    }

    private void look() {
        askForPython();
        Project<BufferedImage> project = qupath.getProject();
        int classes = classesDrawn();
        if (project == null || project.isEmpty()) {
            show(new FirstSteps(python, false, classes, false));
            return;
        }
        BackgroundThreads.work(() -> !ModelList.shelf(project).list().isEmpty(),
                model -> show(new FirstSteps(python, true, classes, model)),
                problem -> show(new FirstSteps(python, true, classes, false)));
    }

    private void show(FirstSteps now) {
        Step step = now.next();
        signs.forEach((one, sign) -> {
            sign.setText(now.done(one) ? "✓" : one == step ? "➜" : "");
        });
        setUp.setDefaultButton(step == Step.PYTHON);
        demo.setDefaultButton(step == Step.PROJECT);
        train.setDefaultButton(step == Step.TRAIN);
        run.setDefaultButton(step == null);
        live.setDisable(!now.done(Step.PYTHON) || qupath.getImageData() == null);
        train.setDisable(!now.done(Step.PROJECT));
        run.setDisable(!now.done(Step.TRAIN));
        offer(step == null ? run : switch (step) {
            case PYTHON -> setUp;
            case PROJECT -> demo;
            case DRAW -> live;
            case TRAIN -> train;
        });
        next.setText(UiTexts.get(step == null ? "first.next.done" : "first.next." + step));
    }

    /** The next step has the focus when it begins; later a person may have put it elsewhere. */
    private void offer(Button next) {
        if (next != offered) {
            offered = next;
            next.requestFocus();
        }
    }

    /** Only when another Python was chosen or built since the last time: it starts a process. */
    private void askForPython() {
        String chosen = Preferences.python().get();
        if (asking || Objects.equals(chosen, asked)) {
            return;
        }
        asking = true;
        BackgroundThreads.work(() -> PythonChoice.find(null), found -> answered(chosen, true),
                problem -> answered(chosen, false));
    }

    private void answered(String chosen, boolean there) {
        python = there;
        asked = chosen;
        asking = false;
        look();
    }

    private int classesDrawn() {
        ImageData<?> data = qupath.getImageData();
        return data == null ? 0 : (int) data.getHierarchy().getAnnotationObjects().stream()
                .filter(object -> object.getROI() != null && object.getROI().isArea())
                .map(PathObject::getPathClass).filter(Objects::nonNull).distinct().count();
    }
}
