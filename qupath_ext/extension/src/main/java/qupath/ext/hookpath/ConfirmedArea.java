package qupath.ext.hookpath;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryFactory;
import org.locationtech.jts.operation.buffer.BufferOp;
import org.locationtech.jts.operation.buffer.BufferParameters;
import org.locationtech.jts.operation.union.UnaryUnionOp;
import qupath.ext.hookpath.core.ClassNameRule;
import qupath.ext.hookpath.core.Plane;
import qupath.ext.hookpath.core.loop.LoopProposals;
import qupath.lib.objects.PathObject;

/**
 * How much of what is shown on an image teaches: a person drew it, confirmed it, or added it to
 * a proposal; each on its plane. The rule is that of {@code projects/confirmed_annotations.py}, by
 * which Python learns; here it only measures. Not for the JavaFX thread.
 */
final class ConfirmedArea {

    /** Class of the areas in which all that is shown is right. */
    static final String CONFIRMED = "Region: confirmed*";

    /** A person's outline and a proposal's agree within this, in px. */
    private static final double SLACK_PX = 1;

    private static final Geometry NOTHING = new GeometryFactory().createPolygon();

    private final Map<Plane, OnPlane> planes;

    private ConfirmedArea(Map<Plane, OnPlane> planes) {
        this.planes = planes;
    }

    /**
     * Of one image.
     *
     * @param loop folder of the project's annotation loop; may be missing
     * @param imageId the image's id
     * @param count how many planes it has
     * @param objects all that is on it
     * @throws IOException what the loop remembers is damaged
     */
    static ConfirmedArea of(Path loop, String imageId, Plane count, Collection<PathObject> objects)
            throws IOException {
        Map<Plane, List<PathObject>> on = new HashMap<>();
        objects.stream().filter(PathObject::hasROI).forEach(object -> on.computeIfAbsent(
                TargetRegions.planeOf(object), plane -> new ArrayList<>()).add(object));
        Map<Plane, OnPlane> planes = new HashMap<>();
        for (Map.Entry<Plane, List<PathObject>> one : on.entrySet()) {
            LoopProposals memory = LoopProposals.of(loop, imageId, one.getKey(), count);
            planes.put(one.getKey(), OnPlane.of(memory, one.getValue()));
        }
        return new ConfirmedArea(planes);
    }

    /**
     * The area of an annotation that counts, in px².
     *
     * @param object an area annotation with a class
     * @return NaN: all of it
     */
    double counts(PathObject object) {
        return planes.get(TargetRegions.planeOf(object)).counts(object);
    }

    private static boolean isClassed(PathObject object) {
        return object.getPathClass() != null
                && ClassNameRule.isUsable(object.getPathClass().toString());
    }

    private static List<Geometry> geometries(Collection<PathObject> objects,
            Predicate<PathObject> which) {
        return objects.stream().filter(o -> o.isAnnotation() && o.hasROI()
                && o.getROI().isArea() && which.test(o))
                .map(o -> o.getROI().getGeometry()).toList();
    }

    private static Geometry union(Collection<Geometry> areas) {
        return areas.isEmpty() ? NOTHING : UnaryUnionOp.union(areas);
    }

    private static Geometry wider(Geometry area) {
        var sharp = new BufferParameters(8, BufferParameters.CAP_FLAT,
                BufferParameters.JOIN_MITRE, 5);
        return BufferOp.bufferOp(area, SLACK_PX, sharp);
    }

    /**
     * The rule on one plane.
     *
     * @param drawn ids of what a person drew before the first proposal; null: nothing was proposed
     * @param proposed ids of all proposals
     * @param said where a class was proposed
     * @param confirmed where all that is shown is right
     * @param above what lies above results there
     */
    private record OnPlane(Set<String> drawn, Set<String> proposed, Map<String, Geometry> said,
            Geometry confirmed, Geometry above) {

        static OnPlane of(LoopProposals memory, Collection<PathObject> objects) {
            Set<String> ids = new HashSet<>();
            Map<String, List<Geometry>> areas = new HashMap<>();
            for (Path file : memory == null ? List.<Path>of() : memory.proposals()) {
                for (PathObject one : GeoJsonObjects.read(file, count -> { })) {
                    ids.add(one.getID().toString());
                    if (one.getPathClass() != null && one.getROI().isArea()) {
                        areas.computeIfAbsent(one.getPathClass().toString(), n -> new ArrayList<>())
                                .add(one.getROI().getGeometry());
                    }
                }
            }
            Map<String, Geometry> said = new HashMap<>();
            areas.forEach((name, found) -> said.put(name, wider(union(found))));
            Geometry confirmed = union(geometries(objects, o -> ResultOwnership.runOf(o) == null
                    && CONFIRMED.equals(String.valueOf(o.getPathClass()))));
            Geometry above = confirmed.isEmpty() ? NOTHING
                    : union(geometries(objects,
                            o -> isClassed(o) && !ResultOwnership.isOurs(o, null)));
            return new OnPlane(
                    memory == null ? null : memory.drawnIds(), ids, said, confirmed, above);
        }

        double counts(PathObject object) {
            if (ResultOwnership.isOurs(object, null)) {
                return confirmed.isEmpty() ? 0 : object.getROI().getGeometry()
                        .intersection(confirmed.difference(above)).getArea();
            }
            String id = object.getID().toString();
            boolean edited = ResultOwnership.runOf(object) != null;
            if (drawn == null ? !edited : drawn.contains(id)) {
                return Double.NaN;
            }
            if (object.isLocked()
                    || object.getMetadata().containsKey(ResultOwnership.CONFIRMED_KEY)) {
                return Double.NaN;
            }
            boolean known = !edited || proposed.contains(id);
            Geometry there = said.getOrDefault(object.getPathClass().toString(), NOTHING);
            Geometry whole = object.getROI().getGeometry();
            if (known && !there.intersects(whole)) {
                return Double.NaN;
            }
            Geometry added = known ? whole.difference(there) : NOTHING;
            return added.union(whole.intersection(confirmed)).getArea();
        }
    }
}
