package qupath.ext.hookpath.core;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;

/**
 * A synthetic slide: {@code train-1.tif}, with {@code train-1.geojson} beside it. Those to train on
 * come first.
 *
 * @param file the slide
 */
public record DemoSlide(Path file) implements Comparable<DemoSlide> {

    private static final List<String> ROLES = List.of("train", "val", "test");
    private static final Comparator<DemoSlide> ORDER = Comparator
            .<DemoSlide>comparingInt(slide -> ROLES.indexOf(slide.role()))
            .thenComparing(DemoSlide::name);

    /** E.g. {@code train-1}. */
    public String name() {
        return file.getFileName().toString().replaceFirst("\\.[^.]*$", "");
    }

    /** {@code train}, {@code val} or {@code test}. */
    public String role() {
        return name().replaceFirst("-.*", "");
    }

    /** Where what is annotated on it would be. */
    public Path drawn() {
        return file.resolveSibling(name() + ".geojson");
    }

    @Override
    public int compareTo(DemoSlide other) {
        return ORDER.compare(this, other);
    }
}
