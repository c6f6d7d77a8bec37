package qupath.ext.hookpath.ui;

import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javafx.beans.property.ReadOnlyIntegerProperty;
import javafx.beans.property.ReadOnlyIntegerWrapper;
import javafx.beans.value.ChangeListener;
import javafx.fxml.FXML;
import javafx.scene.control.Button;
import javafx.scene.control.ButtonType;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.RadioButton;
import javafx.scene.control.ToggleGroup;
import javafx.scene.layout.GridPane;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.ImageStacks;
import qupath.ext.hookpath.JobInputWriter;
import qupath.ext.hookpath.OpenImage;
import qupath.ext.hookpath.TargetRegions;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.Plane;
import qupath.ext.hookpath.core.PlaneChoice;
import qupath.ext.hookpath.core.jobs.ImageServerRecord;
import qupath.ext.hookpath.core.models.ModelFolder;
import qupath.ext.hookpath.predict.PredictTarget;
import qupath.fx.dialogs.Dialogs;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.gui.dialogs.ProjectDialogs;
import qupath.lib.images.ImageData;
import qupath.lib.objects.PathObject;
import qupath.lib.objects.classes.PathClass;
import qupath.lib.objects.hierarchy.events.PathObjectSelectionListener;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;

/** Where to predict: the selection, the image, annotations of a class, or several images. */
public final class PredictTargetPane extends GridPane {

    // A slide may be this much coarser than the model; beyond, the command refuses it.
    private static final double COARSEST_FACTOR = 1.25;

    private final ReadOnlyIntegerWrapper state = new ReadOnlyIntegerWrapper();
    private final PathObjectSelectionListener onSelection = (one, before, all) -> changed();
    private final ChangeListener<ImageData<BufferedImage>> onImage =
            (o, was, is) -> follow(was, is);
    private final ChangeListener<Project<BufferedImage>> onProject = (o, was, is) -> project(is);
    private QuPathGUI qupath;
    private Runnable unfollow;
    private Plane largest = new Plane(1, 1);
    private List<ProjectImageEntry<BufferedImage>> entries = List.of();

    @FXML private ToggleGroup where;
    @FXML private RadioButton selected;
    @FXML private RadioButton whole;
    @FXML private RadioButton inside;
    @FXML private RadioButton images;
    @FXML private ComboBox<PathClass> insideClass;
    @FXML private Button choose;
    @FXML private Label chosen;
    @FXML private PlanePane planes;

    /** What a person chose, with the images of that moment. */
    record Choice(PredictTarget.Where where, List<ProjectImageEntry<BufferedImage>> entries,
            ImageData<BufferedImage> open, PlaneChoice planes, int planesOfEach) {

        /** What it means; not for the JavaFX thread. */
        PredictTarget target(QuPathGUI qupath, Project<BufferedImage> project) {
            return entries != null ? new PredictTarget.Several(project, entries, where)
                    : new PredictTarget.One(OpenImage.of(open, project), project, where);
        }

        /** How many planes of images. */
        int size() {
            return (entries == null ? 1 : entries.size()) * planesOfEach;
        }

        /** The same for the same planes of the same images of the same pixel size. */
        String key(Project<BufferedImage> project) {
            String of = project == null ? "" : String.valueOf(project.getPath());
            return of + " " + planes + " " + (entries != null
                    ? entries.stream().map(e -> e.getID()).toList()
                    : open.getServerPath() + " "
                            + Arrays.toString(JobInputWriter.serverOf(open).mppXY()));
        }

        /** The call of the scripting API that does it. */
        String method() {
            return entries != null ? "predictProject" : "predict";
        }

        /** Its arguments. */
        Map<String, Object> arguments() {
            Map<String, Object> found = new LinkedHashMap<>();
            if (entries != null) {
                found.put("images", entries.stream().map(e -> e.getImageName()).toList());
            } else if (where instanceof PredictTarget.Where.Selected) {
                found.put("selected", true);
            } else if (where instanceof PredictTarget.Where.Inside one) {
                found.put("inside", one.className());
            }
            found.putAll(planes.arguments());
            return found;
        }
    }

    /** Knows no QuPath yet; see {@link #watch}. */
    public PredictTargetPane() {
        WindowFactory.load(this, "predict-target-pane.fxml");
        insideClass.disableProperty().bind(inside.selectedProperty().not());
        choose.disableProperty().bind(images.selectedProperty().not());
        where.selectedToggleProperty().addListener((o, was, is) -> changed());
        insideClass.valueProperty().addListener((o, was, is) -> changed());
        planes.observed().forEach(one -> one.addListener(o -> state.set(state.get() + 1)));
    }

    /** Follows the image, its selection and the project until {@link #unwatch}. */
    void watch(QuPathGUI gui) {
        qupath = gui;
        insideClass.setItems(gui.getAvailablePathClasses());
        gui.imageDataProperty().addListener(onImage);
        gui.projectProperty().addListener(onProject);
        unfollow = ImageStacks.follow(gui, this::changed);
        project(gui.getProject());
        follow(null, gui.getImageData());
        if (!usable().isEmpty()) {
            selected.setSelected(true);
        }
    }

    /** Lets go of QuPath. */
    void unwatch() {
        qupath.imageDataProperty().removeListener(onImage);
        qupath.projectProperty().removeListener(onProject);
        unfollow.run();
        follow(qupath.getImageData(), null);
    }

    /** Changes whenever something here does. */
    ReadOnlyIntegerProperty stateProperty() {
        return state.getReadOnlyProperty();
    }

    /** Why a model cannot be run here, in one line; empty: it can. */
    String whyNot(ModelFolder model) {
        if (images.isSelected()) {
            return qupath.getProject() == null ? UiTexts.get("error.noProject")
                    : entries.isEmpty() ? UiTexts.get("error.noImages") : planes.whyNot();
        }
        if (qupath.getImageData() == null) {
            return UiTexts.get("error.noImage");
        }
        String image = whyNot(model, JobInputWriter.serverOf(qupath.getImageData()));
        if (!image.isEmpty()) {
            return image;
        }
        if (selected.isSelected() && usable().isEmpty()) {
            return UiTexts.get("run.selectSome");
        }
        return inside.isSelected() && className() == null ? UiTexts.get("run.chooseClass")
                : planes.whyNot();
    }

    private String whyNot(ModelFolder model, ImageServerRecord server) {
        if (server.problem() != null) {
            return UiTexts.get("run.imageProblem", server.problem());
        }
        if (server.mppXY() == null) {
            return UiTexts.get("run.noPixelSize");
        }
        String channels = whyNotChannels(model, server.channels());
        if (!channels.isEmpty()) {
            return channels;
        }
        double mpp = (server.mppXY()[0] + server.mppXY()[1]) / 2;
        double needed = model.spacingsUm().isEmpty() ? Double.MAX_VALUE : model.spacingsUm().get(0);
        return mpp > COARSEST_FACTOR * needed ? UiTexts.get("run.tooCoarse", mpp, needed) : "";
    }

    /** An image whose channels nobody noted may be RGB or not: Python will know. */
    private static String whyNotChannels(ModelFolder model, List<String> there) {
        if (model.channels().isEmpty()) {
            return there.isEmpty() ? "" : UiTexts.get("run.notRgb", String.join(", ", there));
        }
        List<String> missing = model.missingFrom(there);
        if (missing.isEmpty()) {
            return "";
        }
        return there.isEmpty() ? UiTexts.get("run.isRgb", String.join(", ", model.channels()))
                : UiTexts.get("run.missingChannels", String.join(", ", missing),
                        String.join(", ", there));
    }

    /** What is chosen now. */
    Choice choice() {
        PredictTarget.Where part = selected.isSelected() ? new PredictTarget.Where.Selected()
                : inside.isSelected() ? new PredictTarget.Where.Inside(className())
                : new PredictTarget.Where.Everywhere();
        boolean several = images.isSelected();
        return new Choice(part, several ? List.copyOf(entries) : null,
                several ? null : qupath.getImageData(), planes.choice(), planes.count());
    }

    /** Planes in words; empty where the images have one. */
    String named(Collection<Plane> predicted) {
        return planes.named(predicted);
    }

    @FXML
    private void choose() {
        var pane = ProjectDialogs.createImageChoicePane(qupath,
                qupath.getProject().getImageList(), entries, UiTexts.get("run.openImages"));
        boolean ok = Dialogs.builder().owner(WindowFactory.windowOf(this))
                .title(UiTexts.get("run.chooseImages")).content(pane).resizable()
                .buttons(ButtonType.OK, ButtonType.CANCEL)
                .showAndWait().orElse(null) == ButtonType.OK;
        if (ok) {
            entries = List.copyOf(pane.getTargetItems());
            measure();
        }
    }

    private void project(Project<BufferedImage> project) {
        entries = project == null ? List.of() : List.copyOf(project.getImageList());
        images.setDisable(project == null);
        if (project == null && images.isSelected()) {
            whole.setSelected(true);
        }
        measure();
    }

    /** How many planes the images of the project have at most. */
    private void measure() {
        List<ProjectImageEntry<BufferedImage>> of = entries;
        largest = new Plane(1, 1);
        changed();
        BackgroundThreads.work(() -> ImageStacks.largest(of), found -> {
            if (of == entries) {
                largest = found;
                changed();
            }
        }, problem -> { });     // an image that cannot be read says so when it is predicted
    }

    private void follow(ImageData<BufferedImage> was, ImageData<BufferedImage> is) {
        if (was != null) {
            was.getHierarchy().getSelectionModel().removePathObjectSelectionListener(onSelection);
        }
        if (is != null) {
            is.getHierarchy().getSelectionModel().addPathObjectSelectionListener(onSelection);
        }
        changed();
    }

    private void changed() {
        if (qupath == null) {
            return;
        }
        offerPlanes();
        selected.setText(UiTexts.get("run.where.selected", usable().size()));
        chosen.setText(qupath.getProject() == null ? "" : UiTexts.get("run.where.chosen",
                entries.size(), qupath.getProject().getImageList().size()));
        state.set(state.get() + 1);
    }

    private void offerPlanes() {
        ImageData<BufferedImage> open = qupath.getImageData();
        if (images.isSelected()) {
            planes.offer(largest.z(), largest.t(), null);
        } else if (open != null) {
            planes.offer(open.getServer().nZSlices(), open.getServer().nTimepoints(),
                    ImageStacks.shown(qupath.getViewer()));
        } else {
            planes.offer(1, 1, null);
        }
    }

    private Collection<PathObject> usable() {
        ImageData<BufferedImage> open = qupath.getImageData();
        return open == null ? List.of() : TargetRegions.usable(
                open.getHierarchy().getSelectionModel().getSelectedObjects());
    }

    private String className() {
        PathClass value = insideClass.getValue();
        return value == null || value == PathClass.NULL_CLASS ? null : value.toString();
    }
}
