package qupath.ext.hookpath.core;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import qupath.ext.hookpath.core.training.TrainingRole;

/**
 * A synthetic slide: {@code train-1.tif}, with {@code train-1.geojson} beside it. Those to train on
 * come first.
 *
 * @param file the slide
 */
public record DemoSlide(Path file) implements Comparable<DemoSlide> {

    private static final List<String> ROLES = List.of("train", "val", "test");
    private static final Comparator<DemoSlide> ORDER = Comparator
            .<DemoSlide>comparingInt(slide -> ROLES.indexOf(slide.part()))
            .thenComparing(DemoSlide::name);

    /** E.g. {@code train-1}; the one on which nothing is drawn: {@code new-1}. */
    public String name() {
        return stem().replaceFirst("^test-", "new-");
    }

    /**
     * What it is for. The new one, too, is learned from when somebody has corrected it, so it is
     * no test image.
     */
    public TrainingRole role() {
        return "val".equals(part()) ? TrainingRole.VALIDATION : TrainingRole.TRAIN;
    }

    /** Where what is annotated on it would be. */
    public Path drawn() {
        return file.resolveSibling(stem() + ".geojson");
    }

    private String stem() {
        return file.getFileName().toString().replaceFirst("\\.[^.]*$", "");
    }

    private String part() {
        return stem().replaceFirst("-.*", "");
    }

    @Override
    public int compareTo(DemoSlide other) {
        return ORDER.compare(this, other);
    }
}
