package qupath.ext.hookpath.core.training;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Roles for images that have none. About a quarter validates, such that every class that is
 * annotated stays in training and, where possible, is validated, too; what was decided before
 * stays.
 */
public final class RoleSuggestion {

    private static final double SHARE = 0.25;

    private final List<AnnotatedImage> images;
    private final Set<String> classes;

    private RoleSuggestion(List<AnnotatedImage> images, Set<String> classes) {
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
    public static Map<String, TrainingRole> of(List<AnnotatedImage> images, Set<String> classes) {
        List<AnnotatedImage> usable = images.stream().filter(i -> i.teaches(classes)).toList();
        return new RoleSuggestion(usable, classes).suggested();
    }

    private Map<String, TrainingRole> suggested() {
        List<AnnotatedImage> free = images.stream().filter(i -> i.role() == null).toList();
        List<AnnotatedImage> validation = new ArrayList<>(in(TrainingRole.VALIDATION));
        boolean decided = !validation.isEmpty();
        int wanted = decided ? 0 : Math.max(1, (int) Math.round(free.size() * SHARE));
        for (int n = 0; n < wanted; n++) {
            AnnotatedImage next = next(free, validation);
            if (next != null) {
                validation.add(next);
            }
        }
        Map<String, TrainingRole> roles = new LinkedHashMap<>();
        free.forEach(i -> roles.put(i.id(),
                validation.contains(i) ? TrainingRole.VALIDATION : TrainingRole.TRAIN));
        return roles;
    }

    /** Of the images that training can do without, the one that shows most new classes. */
    private AnnotatedImage next(List<AnnotatedImage> free, List<AnnotatedImage> validation) {
        AnnotatedImage best = null;
        for (AnnotatedImage image : free) {
            if (!validation.contains(image) && isSpare(image, free, validation)
                    && (best == null || isBetter(image, best, validation))) {
                best = image;
            }
        }
        return best;
    }

    private boolean isSpare(AnnotatedImage image, List<AnnotatedImage> free,
            List<AnnotatedImage> validation) {
        List<AnnotatedImage> left = new ArrayList<>(in(TrainingRole.TRAIN));
        free.stream().filter(i -> i != image && !validation.contains(i)).forEach(left::add);
        Set<String> needed = new HashSet<>(image.mm2().keySet());
        needed.retainAll(classes);
        left.forEach(i -> needed.removeAll(i.mm2().keySet()));
        return needed.isEmpty() && !left.isEmpty();
    }

    /** More classes that validation lacks; then less drawing that training would lose. */
    private boolean isBetter(AnnotatedImage image, AnnotatedImage other,
            List<AnnotatedImage> validation) {
        int more = Integer.compare(gain(image, validation), gain(other, validation));
        return more > 0 || more == 0 && image.area(classes) < other.area(classes);
    }

    private int gain(AnnotatedImage image, List<AnnotatedImage> validation) {
        Set<String> shown = new HashSet<>(image.mm2().keySet());
        shown.retainAll(classes);
        validation.forEach(i -> shown.removeAll(i.mm2().keySet()));
        return shown.size();
    }

    private List<AnnotatedImage> in(TrainingRole role) {
        return images.stream().filter(i -> i.role() == role).toList();
    }
}
