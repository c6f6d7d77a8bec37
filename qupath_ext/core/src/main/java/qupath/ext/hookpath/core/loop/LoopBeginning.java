package qupath.ext.hookpath.core.loop;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import qupath.ext.hookpath.core.training.AnnotatedImage;
import qupath.ext.hookpath.core.training.TrainingRole;

/**
 * What is annotated in a project in which no loop has begun. Images with the role <em>test</em> do
 * not count: the loop leaves them alone.
 *
 * @param annotated how many images something is annotated on
 * @param images    how many images there are
 * @param classes   what is annotated
 */
public record LoopBeginning(int annotated, int images, Set<String> classes) {

    /** Fewer cannot be told apart. */
    private static final int FEWEST_CLASSES = 2;

    /** What comes next. */
    public enum Next {
        /** Draw: nothing is annotated. */
        DRAW,
        /** Draw areas of a second class. */
        SECOND_CLASS,
        /** Start the loop. */
        START
    }

    /** Counts. */
    public static LoopBeginning of(List<AnnotatedImage> project) {
        List<AnnotatedImage> images = project.stream()
                .filter(image -> image.role() != TrainingRole.TEST).toList();
        Set<String> classes = new LinkedHashSet<>();
        images.forEach(image -> classes.addAll(image.mm2().keySet()));
        return new LoopBeginning((int) images.stream().filter(i -> !i.mm2().isEmpty()).count(),
                images.size(), classes);
    }

    /** What comes next. */
    public Next next() {
        return annotated == 0 ? Next.DRAW
                : classes.size() < FEWEST_CLASSES ? Next.SECOND_CLASS : Next.START;
    }
}
