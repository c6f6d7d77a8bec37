package qupath.ext.hookpath;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import qupath.lib.objects.PathObject;
import qupath.lib.objects.hierarchy.PathObjectHierarchy;

/**
 * Objects to take away and objects to add, applied in one go with one event.
 *
 * <p>What lies below a removed object and is to stay moves up to the next object that stays. The
 * selection keeps everything but the removed objects.
 */
final class HierarchyChange {

    private final PathObjectHierarchy hierarchy;
    private final Set<PathObject> gone = new HashSet<>();
    private final Map<PathObject, List<PathObject>> added = new LinkedHashMap<>();

    HierarchyChange(PathObjectHierarchy hierarchy) {
        this.hierarchy = hierarchy;
    }

    HierarchyChange remove(Collection<? extends PathObject> objects) {
        gone.addAll(objects);
        return this;
    }

    /** Adds below a parent; null: below the root. */
    HierarchyChange add(PathObject parent, Collection<? extends PathObject> objects) {
        PathObject below = parent == null ? hierarchy.getRootObject() : parent;
        added.computeIfAbsent(below, p -> new ArrayList<>()).addAll(objects);
        return this;
    }

    /** Does it, on the thread of the caller (the JavaFX thread for an image in the window). */
    void apply() {
        if (gone.isEmpty() && added.isEmpty()) {
            return;
        }
        hierarchy.getSelectionModel().deselectObjects(gone);
        synchronized (hierarchy) {
            Map<PathObject, List<PathObject>> orphans = orphans();
            byParent(gone).forEach(PathObject::removeChildObjects);
            orphans.forEach(PathObject::addChildObjects);
            added.forEach(PathObject::addChildObjects);
        }
        hierarchy.fireHierarchyChangedEvent(this);
    }

    private Map<PathObject, List<PathObject>> orphans() {
        Map<PathObject, List<PathObject>> found = new LinkedHashMap<>();
        for (PathObject object : gone) {
            if (object.hasChildObjects() && object.getParent() != null) {
                List<PathObject> stay = new ArrayList<>(object.getChildObjects());
                stay.removeIf(gone::contains);
                if (!stay.isEmpty()) {
                    found.computeIfAbsent(staying(object), p -> new ArrayList<>()).addAll(stay);
                }
            }
        }
        return found;
    }

    private PathObject staying(PathObject object) {
        PathObject parent = object.getParent();
        while (parent != null && gone.contains(parent)) {
            parent = parent.getParent();
        }
        return parent == null ? hierarchy.getRootObject() : parent;
    }

    private static Map<PathObject, List<PathObject>> byParent(Collection<PathObject> objects) {
        Map<PathObject, List<PathObject>> found = new LinkedHashMap<>();
        for (PathObject object : objects) {
            if (object.getParent() != null) {
                found.computeIfAbsent(object.getParent(), p -> new ArrayList<>()).add(object);
            }
        }
        return found;
    }
}
