package qupath.ext.hookpath.core;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * What a person drew on one image.
 *
 * @param id      the image's id in its project
 * @param name    its name
 * @param mm2     drawn area by class in mm²; NaN where the pixel size is not known
 * @param role    what it is for, or null: nobody decided
 * @param problem why it cannot be used, one line, or null
 */
public record DrawnImage(String id, String name, Map<String, Double> mm2, Role role,
                         String problem) {

    /** Classes keep their order. */
    public DrawnImage {
        mm2 = Collections.unmodifiableMap(new LinkedHashMap<>(mm2));
    }

    /** The same image in another role. */
    public DrawnImage with(Role newRole) {
        return new DrawnImage(id, name, mm2, newRole, problem);
    }

    /** Whether something of a class is drawn on it. */
    public boolean has(String className) {
        return mm2.containsKey(className);
    }

    /** Whether training can use it: something of these classes is drawn, and nothing is wrong. */
    public boolean teaches(Set<String> classes) {
        return problem == null && mm2.keySet().stream().anyMatch(classes::contains);
    }

    /** Drawn area of these classes in mm². */
    public double area(Set<String> classes) {
        return mm2.entrySet().stream().filter(e -> classes.contains(e.getKey()))
                .mapToDouble(Map.Entry::getValue).sum();
    }

    /**
     * Whether a class can be learned: not none, not {@code Ignore*}, not {@code Region*}.
     *
     * @param name of the class; null: none
     */
    public static boolean isUsable(String name) {
        return name != null && !name.isBlank()
                && !name.startsWith("Ignore") && !name.startsWith("Region");
    }
}
