package qupath.ext.hookpath.ui.check;

import java.awt.image.BufferedImage;
import java.util.HashMap;
import java.util.Map;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.evaluation.AreaScore;
import qupath.ext.hookpath.ui.check.AnnotatedAreasPane.State;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.gui.viewer.QuPathViewer;
import qupath.lib.images.ImageData;
import qupath.lib.objects.PathObject;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;
import qupath.lib.roi.interfaces.ROI;

/** Annotated areas in the viewer: going there, marking them, and seeing what became of them. */
final class AreaNavigator {

    /** How much wider than an area the view is. */
    private static final double MARGIN = 1.6;

    /** An annotation as it was when the viewer went there. */
    private record Seen(String className, ROI roi) {}

    private final QuPathGUI qupath;
    private final Map<String, Seen> seen = new HashMap<>();
    private Project<BufferedImage> project;

    AreaNavigator(QuPathGUI qupath) {
        this.qupath = qupath;
    }

    /** Areas of this project come; what was seen before is forgotten. */
    void remember(Project<BufferedImage> of) {
        project = of;
        seen.clear();
    }

    /**
     * Shows an area in the viewer, selected, with some of what is around it.
     *
     * @return null; a problem where its image cannot be opened
     */
    String goTo(Project<BufferedImage> of, AreaScore area) {
        if (!isOpen(area)) {
            ProjectImageEntry<BufferedImage> entry = of.getImageList().stream()
                    .filter(one -> one.getID().equals(area.imageId())).findFirst().orElse(null);
            if (entry == null || !qupath.openImageEntry(entry)) {
                return UiTexts.get("check.noImage", area.image());
            }
        }
        QuPathViewer viewer = qupath.getViewer();
        PathObject object = find(area);
        double[] bounds = area.bounds();
        if (object != null) {
            seen.putIfAbsent(area.objectId(), seen(object));
            ROI roi = object.getROI();
            bounds = new double[] {roi.getBoundsX(), roi.getBoundsY(),
                roi.getBoundsX() + roi.getBoundsWidth(), roi.getBoundsY() + roi.getBoundsHeight()};
            viewer.getHierarchy().getSelectionModel().setSelectedObject(object);
        }
        double wide = Math.max((bounds[2] - bounds[0]) / Math.max(1, viewer.getView().getWidth()),
                (bounds[3] - bounds[1]) / Math.max(1, viewer.getView().getHeight()));
        viewer.setDownsampleFactor(Math.max(0.5, wide * MARGIN));
        viewer.setCenterPixelLocation((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2);
        return null;
    }

    /**
     * Writes into the annotation whether it is right as it is drawn.
     *
     * @return null; a problem where it is not there
     */
    String mark(AreaScore area) {
        PathObject object = isOpen(area) ? find(area) : null;
        if (object == null) {
            return UiTexts.get("check.goneObject");
        }
        if (area.marked()) {
            object.getMetadata().put(AreaScore.RIGHT_KEY, area.drawn());
        } else {
            object.getMetadata().remove(AreaScore.RIGHT_KEY);
        }
        ImageData<BufferedImage> image = qupath.getImageData();
        image.getHierarchy().fireObjectsChangedEvent(this, java.util.List.of(object));
        image.setChanged(true);
        return null;
    }

    /** What became of an area since the viewer went there. */
    State stateOf(AreaScore area) {
        Seen before = seen.get(area.objectId());
        if (before == null || !isOpen(area)) {
            return State.OPEN;
        }
        PathObject object = find(area);
        if (object == null) {
            return State.GONE;
        }
        if (!seen(object).equals(before)) {
            return State.CHANGED;
        }
        return area.drawn().equals(object.getMetadata().get(AreaScore.RIGHT_KEY))
                ? State.RIGHT : State.OPEN;
    }

    private boolean isOpen(AreaScore area) {
        ImageData<BufferedImage> image = qupath.getImageData();
        ProjectImageEntry<BufferedImage> entry =
                image == null || project == null ? null : project.getEntry(image);
        return entry != null && entry.getID().equals(area.imageId());
    }

    private PathObject find(AreaScore area) {
        return qupath.getImageData().getHierarchy().getAllObjects(false).stream()
                .filter(one -> one.getID().toString().equals(area.objectId())).findFirst()
                .orElse(null);
    }

    private static Seen seen(PathObject object) {
        return new Seen(String.valueOf(object.getPathClass()), object.getROI());
    }
}
