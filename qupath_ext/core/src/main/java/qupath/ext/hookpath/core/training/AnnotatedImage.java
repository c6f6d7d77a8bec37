package qupath.ext.hookpath.core.training;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a person drew on one image.
 *
 * @param id      the image's id in its project
 * @param name    its name
 * @param mm2     annotated area by class in mm², that of lines included where they have a width;
 *                NaN where the pixel size is not known
 * @param role    what it is for, or null: nobody decided
 * @param problem why it cannot be used, one line, or null
 * @param areas   the same of areas alone
 * @param thin    lines and points by class
 * @param leftMm2 area of changed results that nobody confirmed, which is not learned from
 * @param channels names of its channels; empty: it is RGB, or nobody says
 * @param planes  of a stack, those that are drawn on, in words; empty: it has one plane
 */
public record AnnotatedImage(String id, String name, Map<String, Double> mm2, TrainingRole role,
                         String problem, Map<String, Double> areas,
                         Map<String, LinesAndPoints> thin, double leftMm2,
                         List<String> channels, String planes) {

    /** Classes keep their order. */
    public AnnotatedImage {
        mm2 = Collections.unmodifiableMap(new LinkedHashMap<>(mm2));
        areas = Collections.unmodifiableMap(new LinkedHashMap<>(areas));
        thin = Collections.unmodifiableMap(new LinkedHashMap<>(thin));
        channels = List.copyOf(channels);
    }

    /** One that is RGB. */
    public AnnotatedImage(String id, String name, Map<String, Double> mm2, TrainingRole role,
            String problem,
            Map<String, Double> areas, Map<String, LinesAndPoints> thin, double leftMm2) {
        this(id, name, mm2, role, problem, areas, thin, leftMm2, List.of(), "");
    }

    /** One with areas only. */
    public AnnotatedImage(String id, String name, Map<String, Double> mm2, TrainingRole role,
            String problem) {
        this(id, name, mm2, role, problem, mm2, Map.of(), 0);
    }

    /** The same image in another role. */
    public AnnotatedImage with(TrainingRole newRole) {
        return new AnnotatedImage(id, name, mm2, newRole, problem, areas, thin, leftMm2,
                channels, planes);
    }

    /**
     * The same image with its lines and points as areas.
     *
     * @param widthUm their width in µm; 0: none, they do not count
     */
    public AnnotatedImage withLines(double widthUm) {
        Map<String, Double> all = new LinkedHashMap<>(areas);
        if (widthUm > 0) {
            thin.forEach((name, lines) -> all.merge(name, lines.areaMm2(widthUm), Double::sum));
        }
        return new AnnotatedImage(id, name, all, role, problem, areas, thin, leftMm2, channels,
                planes);
    }

    /** Whether something of a class is annotated on it. */
    public boolean has(String className) {
        return mm2.containsKey(className);
    }

    /**
     * Whether training can use it: something of these classes is annotated, and nothing is wrong.
     */
    public boolean teaches(Set<String> classes) {
        return problem == null && mm2.keySet().stream().anyMatch(classes::contains);
    }

    /** Annotated area of these classes in mm². */
    public double area(Set<String> classes) {
        return mm2.entrySet().stream().filter(e -> classes.contains(e.getKey()))
                .mapToDouble(Map.Entry::getValue).sum();
    }
}
