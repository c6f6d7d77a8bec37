package qupath.ext.hookpath.core;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Roles for images that have none. About a quarter validates, such that every class that is annotated
 * stays in training and, where possible, is validated, too; what was decided before stays.
 */
public final class SuggestedRoles {

    private static final double SHARE = 0.25;

    private final List<DrawnImage> images;
    private final Set<String> classes;

    private SuggestedRoles(List<DrawnImage> images, Set<String> classes) {
        this.images = images;
        this.classes = classes;
    }

    /**
     * Suggests.
     *
     * @param images  all images of the project, with the roles that they have
     * @param classes the classes to learn
     * @return image id → role, only for those that can be used and have none
     */
    public static Map<String, Role> of(List<DrawnImage> images, Set<String> classes) {
        List<DrawnImage> usable = images.stream().filter(i -> i.teaches(classes)).toList();
        return new SuggestedRoles(usable, classes).suggested();
    }

    private Map<String, Role> suggested() {
        List<DrawnImage> free = images.stream().filter(i -> i.role() == null).toList();
        List<DrawnImage> validation = new ArrayList<>(in(Role.VALIDATION));
        boolean decided = !validation.isEmpty();
        int wanted = decided ? 0 : Math.max(1, (int) Math.round(free.size() * SHARE));
        for (int n = 0; n < wanted; n++) {
            DrawnImage next = next(free, validation);
            if (next != null) {
                validation.add(next);
            }
        }
        Map<String, Role> roles = new LinkedHashMap<>();
        free.forEach(i -> roles.put(i.id(),
                validation.contains(i) ? Role.VALIDATION : Role.TRAIN));
        return roles;
    }

    /** Of the images that training can do without, the one that shows most new classes. */
    private DrawnImage next(List<DrawnImage> free, List<DrawnImage> validation) {
        DrawnImage best = null;
        for (DrawnImage image : free) {
            if (!validation.contains(image) && isSpare(image, free, validation)
                    && (best == null || isBetter(image, best, validation))) {
                best = image;
            }
        }
        return best;
    }

    private boolean isSpare(DrawnImage image, List<DrawnImage> free, List<DrawnImage> validation) {
        List<DrawnImage> left = new ArrayList<>(in(Role.TRAIN));
        free.stream().filter(i -> i != image && !validation.contains(i)).forEach(left::add);
        Set<String> needed = new HashSet<>(image.mm2().keySet());
        needed.retainAll(classes);
        left.forEach(i -> needed.removeAll(i.mm2().keySet()));
        return needed.isEmpty() && !left.isEmpty();
    }

    /** More classes that validation lacks; then less drawing that training would lose. */
    private boolean isBetter(DrawnImage image, DrawnImage other, List<DrawnImage> validation) {
        int more = Integer.compare(gain(image, validation), gain(other, validation));
        return more > 0 || more == 0 && image.area(classes) < other.area(classes);
    }

    private int gain(DrawnImage image, List<DrawnImage> validation) {
        Set<String> shown = new HashSet<>(image.mm2().keySet());
        shown.retainAll(classes);
        validation.forEach(i -> shown.removeAll(i.mm2().keySet()));
        return shown.size();
    }

    private List<DrawnImage> in(Role role) {
        return images.stream().filter(i -> i.role() == role).toList();
    }
}
