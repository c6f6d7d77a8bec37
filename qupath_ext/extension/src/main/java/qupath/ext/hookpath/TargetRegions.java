package qupath.ext.hookpath;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.locationtech.jts.algorithm.locate.IndexedPointInAreaLocator;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.Location;
import qupath.ext.hookpath.core.Plane;
import qupath.lib.objects.PathObject;
import qupath.lib.objects.hierarchy.PathObjectHierarchy;
import qupath.lib.roi.interfaces.ROI;

/**
 * Where results were asked for: objects of a person under which they go, or the whole image.
 *
 * <p>Regions are kept by id, since undo and reading a file again make new objects of the same id.
 */
public final class TargetRegions {

    /** Class name that stands for any annotation. */
    public static final String ANY = "*";

    /** The whole image. */
    public static final TargetRegions EVERYWHERE = new TargetRegions(Set.of());

    private final Set<UUID> ids;

    private TargetRegions(Set<UUID> ids) {
        this.ids = ids;
    }

    /** Below these objects. */
    public static TargetRegions of(Collection<? extends PathObject> objects) {
        Set<UUID> ids = new HashSet<>();
        objects.forEach(o -> ids.add(o.getID()));
        return new TargetRegions(ids);
    }

    /** Annotations and TMA cores among these that have an area. */
    public static List<PathObject> usable(Collection<? extends PathObject> objects) {
        List<PathObject> found = new ArrayList<>();
        for (PathObject object : objects) {
            boolean kind = object.isAnnotation() || object.isTMACore();
            if (kind && object.hasROI() && object.getROI().isArea()) {
                found.add(object);
            }
        }
        return found;
    }

    /** What a person drew of a class ({@link #ANY}: of any). */
    public static List<PathObject> drawn(
            Collection<? extends PathObject> objects, String className) {
        List<PathObject> found = usable(objects);
        found.removeIf(object -> object.isTMACore()
                || ResultOwnership.isOurs(object, null) && !ResultOwnership.isLasting(object)
                        || !isOf(object, className));
        return found;
    }

    /** The plane that an object lies on. */
    public static Plane planeOf(PathObject object) {
        return new Plane(object.getROI().getZ(), object.getROI().getT());
    }

    private static boolean isOf(PathObject object, String className) {
        return ANY.equals(className) || object.getPathClass() != null
                && object.getPathClass().toString().equals(className);
    }

    boolean everywhere() {
        return ids.isEmpty();
    }

    /** Those that lie in the regions, below one or inside its outline, and are none of them. */
    List<PathObject> within(PathObjectHierarchy hierarchy, Collection<PathObject> objects) {
        if (everywhere()) {
            return new ArrayList<>(objects);
        }
        var found = new ArrayList<PathObject>();
        sorted(hierarchy, objects).forEach((parent, inside) -> {
            if (parent != null) {
                found.addAll(inside);
            }
        });
        found.removeIf(object -> ids.contains(object.getID()));
        return found;
    }

    /** The objects by the region that they go under; null: under none of them. */
    Map<PathObject, List<PathObject>> sorted(
            PathObjectHierarchy hierarchy, Collection<PathObject> objects) {
        Map<PathObject, List<PathObject>> found = new LinkedHashMap<>();
        List<Region> regions = new ArrayList<>();
        for (PathObject object : everywhere() ? List.<PathObject>of() : all(hierarchy)) {
            if (ids.contains(object.getID())) {
                regions.add(new Region(object));
            }
        }
        for (PathObject object : objects) {
            found.computeIfAbsent(regionOf(object, regions), r -> new ArrayList<>()).add(object);
        }
        return found;
    }

    private static Collection<PathObject> all(PathObjectHierarchy hierarchy) {
        List<PathObject> found = new ArrayList<>(hierarchy.getAnnotationObjects());
        if (hierarchy.getTMAGrid() != null) {
            found.addAll(hierarchy.getTMAGrid().getTMACoreList());
        }
        return found;
    }

    private static PathObject regionOf(PathObject object, List<Region> regions) {
        for (Region region : regions) {
            if (region.isAbove(object)) {
                return region.object;
            }
        }
        if (regions.isEmpty()) {
            return null;
        }
        Coordinate inside = insideOf(object.getROI());
        for (Region region : regions) {
            if (region.isOnPlaneOf(object) && region.contains(inside)) {
                return region.object;
            }
        }
        return null;
    }

    private static Coordinate insideOf(ROI roi) {
        double x = roi.getCentroidX();
        double y = roi.getCentroidY();
        return roi.contains(x, y) ? new Coordinate(x, y)
                : roi.getGeometry().getInteriorPoint().getCoordinate();
    }

    private static final class Region {

        private final PathObject object;
        private final IndexedPointInAreaLocator locator;

        Region(PathObject object) {
            this.object = object;
            this.locator = new IndexedPointInAreaLocator(object.getROI().getGeometry());
        }

        boolean isAbove(PathObject other) {
            PathObject parent = other.getParent();
            while (parent != null && parent != object) {
                parent = parent.getParent();
            }
            return parent == object;
        }

        boolean isOnPlaneOf(PathObject other) {
            return planeOf(object).equals(planeOf(other));
        }

        boolean contains(Coordinate position) {
            return locator.locate(position) != Location.EXTERIOR;
        }
    }
}
