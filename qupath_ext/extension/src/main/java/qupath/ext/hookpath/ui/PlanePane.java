package qupath.ext.hookpath.ui;

import java.util.Collection;
import java.util.List;
import javafx.beans.Observable;
import javafx.fxml.FXML;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import javafx.scene.layout.HBox;
import qupath.ext.hookpath.ImageStacks;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.Plane;
import qupath.ext.hookpath.core.PlaneChoice;

/** Which planes of a stack; takes no room where there is one. For the JavaFX thread. */
public final class PlanePane extends HBox {

    private static final String SHOWN = "shown";
    private static final String ALL = "all";
    private static final String SOME = "some";

    private int sizeZ = 1;
    private int sizeT = 1;
    private Plane shown;

    @FXML private ComboBox<String> kind;
    @FXML private Label which;
    @FXML private HBox boxZ;
    @FXML private HBox boxT;
    @FXML private TextField z;
    @FXML private TextField t;

    /** One of an image that has one plane. */
    public PlanePane() {
        WindowFactory.load(this, "plane-pane.fxml");
        NamedChoice.fill(kind, "planes", SHOWN, ALL, SOME);
        WindowFactory.fold(this, which, boxZ, boxT);
        kind.valueProperty().addListener((o, was, is) -> fit());
        fit();
    }

    /** Whatever a person can change here. */
    List<Observable> observed() {
        return List.of(kind.valueProperty(), z.textProperty(), t.textProperty());
    }

    /**
     * What there is to choose from.
     *
     * @param alongZ planes along z
     * @param inTime time points
     * @param shown the plane in the viewer; null: of several images, the one that each opens with
     */
    public void offer(int alongZ, int inTime, Plane shown) {
        boolean other = alongZ != sizeZ || inTime != sizeT;
        sizeZ = alongZ;
        sizeT = inTime;
        this.shown = shown;
        if (other) {
            kind.setValue(SHOWN);
            write(List.of(shown == null ? Plane.usual(alongZ) : shown));
        }
        fit();
    }

    /** Chooses some of what there is. */
    public void choose(Collection<Plane> some) {
        write(some);
        kind.setValue(SOME);
    }

    private void write(Collection<Plane> planes) {
        z.setText(Plane.listedZ(planes));
        t.setText(Plane.listedT(planes));
    }

    /** Why that cannot be, in one line; empty: it can. */
    public String whyNot() {
        if (!isVisible() || !SOME.equals(kind.getValue())) {
            return "";
        }
        if (sizeZ > 1 && !PlaneChoice.isUsable(z.getText(), sizeZ)) {
            return UiTexts.get("planes.wrongZ", sizeZ - 1);
        }
        return sizeT > 1 && !PlaneChoice.isUsable(t.getText(), sizeT)
                ? UiTexts.get("planes.wrongT", sizeT - 1) : "";
    }

    /** What is chosen now. */
    public PlaneChoice choice() {
        if (!isVisible()) {
            return PlaneChoice.USUAL;
        }
        PlaneChoice chosen = switch (kind.getValue()) {
            case ALL -> PlaneChoice.ALL;
            case SOME -> new PlaneChoice(z.getText().strip(), t.getText().strip());
            default -> shown == null ? PlaneChoice.USUAL : PlaneChoice.of(shown);
        };
        return new PlaneChoice(sizeZ > 1 ? chosen.z() : null, sizeT > 1 ? chosen.t() : null);
    }

    /** Number of planes that are chosen of an image; 0: of some text that makes no sense. */
    int count() {
        return whyNot().isEmpty() ? choice().count(sizeZ, sizeT) : 0;
    }

    /** Planes in words, e.g. {@code z 0,2-4, t 1}; empty where images have one plane. */
    String named(Collection<Plane> planes) {
        return ImageStacks.named(planes, sizeZ, sizeT);
    }

    private void fit() {
        boolean some = SOME.equals(kind.getValue());
        setVisible(sizeZ > 1 || sizeT > 1);
        boxZ.setVisible(some && sizeZ > 1);
        boxT.setVisible(some && sizeT > 1);
        which.setVisible(!some);
        which.setText(ALL.equals(kind.getValue())
                ? ImageStacks.named("0-" + (sizeZ - 1), "0-" + (sizeT - 1), sizeZ, sizeT)
                : shown == null ? UiTexts.get("planes.usual") : named(List.of(shown)));
    }
}
