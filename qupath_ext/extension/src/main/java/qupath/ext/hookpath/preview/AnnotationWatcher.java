package qupath.ext.hookpath.preview;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import javafx.animation.PauseTransition;
import javafx.application.Platform;
import javafx.util.Duration;
import qupath.ext.hookpath.ResultOwnership;
import qupath.ext.hookpath.core.ClassNameRule;
import qupath.lib.objects.PathObject;
import qupath.lib.objects.classes.PathClass;
import qupath.lib.objects.hierarchy.PathObjectHierarchy;
import qupath.lib.objects.hierarchy.events.PathObjectHierarchyEvent;
import qupath.lib.objects.hierarchy.events.PathObjectHierarchyListener;
import qupath.lib.roi.interfaces.ROI;

/**
 * What a person draws on an image, watched: listeners are notified when nothing has changed for a
 * moment, however it was changed (annotated, erased, classified, undone). For the JavaFX thread.
 */
final class AnnotationWatcher implements PathObjectHierarchyListener {

    private static final Duration PAUSE = Duration.millis(200);

    private final PathObjectHierarchy hierarchy;
    private final PauseTransition pause = new PauseTransition(PAUSE);
    private Map<String, Stroke> taken = Map.of();

    /** An area as it was; QuPath's outlines never change, they are replaced. */
    private record Stroke(PathObject object, ROI roi, PathClass type, boolean locked) {

        boolean same(Stroke other) {
            return other != null && roi == other.roi && type == other.type
                    && locked == other.locked;
        }

        boolean isOfAClass() {
            return ClassNameRule.isUsable(type.toString());
        }
    }

    /**
     * What is new since it was asked last.
     *
     * @param added areas that came or changed
     * @param removed ids of those that went
     * @param classes that can be learned, of all areas
     * @param unclassified number of annotations that have an area and no class
     */
    record Change(List<PathObject> added, List<String> removed, Set<String> classes,
                  int unclassified) {

        boolean isEmpty() {
            return added.isEmpty() && removed.isEmpty();
        }
    }

    AnnotationWatcher(PathObjectHierarchy hierarchy, Runnable onPause) {
        this.hierarchy = hierarchy;
        pause.setOnFinished(event -> onPause.run());
    }

    void start() {
        hierarchy.addListener(this);
    }

    void stop() {
        hierarchy.removeListener(this);
        pause.stop();
    }

    @Override
    public void hierarchyChanged(PathObjectHierarchyEvent event) {
        if (!event.isObjectMeasurementEvent()) {
            Platform.runLater(pause::playFromStart);
        }
    }

    /** What is new; it stays new until it is {@link #take taken}. */
    Change change() {
        Map<String, Stroke> now = now();
        List<PathObject> added = new ArrayList<>();
        now.forEach((id, stroke) -> {
            if (!stroke.same(taken.get(id))) {
                added.add(stroke.object());
            }
        });
        List<String> removed = taken.keySet().stream().filter(id -> !now.containsKey(id)).toList();
        Set<String> classes = new TreeSet<>();
        now.values().stream().filter(Stroke::isOfAClass)
                .forEach(stroke -> classes.add(stroke.type().toString()));
        int unclassified = (int) hierarchy.getAnnotationObjects().stream()
                .filter(o -> o.getPathClass() == null && o.hasROI() && o.getROI().isArea())
                .count();
        return new Change(added, removed, classes, unclassified);
    }

    /**
     * What is there now is nothing new from now on.
     *
     * @return takes that back: all is new again that was new before
     */
    Runnable take() {
        Map<String, Stroke> before = taken;
        taken = now();
        return () -> taken = before;
    }

    /** What a person drew or changed; of it the worker decides what teaches. */
    private Map<String, Stroke> now() {
        Map<String, Stroke> found = new LinkedHashMap<>();
        for (PathObject object : hierarchy.getAnnotationObjects()) {
            if (object.hasROI() && object.getROI().isArea() && object.getPathClass() != null
                    && !ResultOwnership.isOurs(object, null)) {
                found.put(object.getID().toString(), new Stroke(object, object.getROI(),
                        object.getPathClass(), object.isLocked()));
            }
        }
        return found;
    }
}
