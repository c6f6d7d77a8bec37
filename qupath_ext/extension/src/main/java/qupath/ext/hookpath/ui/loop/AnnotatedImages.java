package qupath.ext.hookpath.ui.loop;

import java.awt.image.BufferedImage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import qupath.ext.hookpath.BackgroundThreads;
import qupath.ext.hookpath.ProjectAnnotations;
import qupath.ext.hookpath.core.training.AnnotatedImage;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;

/** What is annotated in a project, read in the background. For the JavaFX thread. */
final class AnnotatedImages {

    private final Consumer<List<AnnotatedImage>> show;
    private final Map<String, AnnotatedImage> known = new LinkedHashMap<>();
    private Project<BufferedImage> project;
    private boolean read;

    /**
     * One that knows nothing yet.
     *
     * @param show hears what all images have, whenever that was read
     */
    AnnotatedImages(Consumer<List<AnnotatedImage>> show) {
        this.show = show;
    }

    /** Reads all images of a project; null: none, what was read before is forgotten. */
    void load(Project<BufferedImage> of) {
        project = of;
        read = false;
        known.clear();
        if (of != null) {
            read(of, List.copyOf(of.getImageList()));
        }
    }

    /** Reads one image again, on which somebody may have drawn; null: none. */
    void refresh(ProjectImageEntry<BufferedImage> entry) {
        if (read && entry != null) {
            read(project, List.of(entry));
        }
    }

    private void read(Project<BufferedImage> of, List<ProjectImageEntry<BufferedImage>> entries) {
        BackgroundThreads.work(() -> entries.stream()
                .map(entry -> ProjectAnnotations.of(of, entry)).toList(), found -> {
            if (of == project) {
                read = true;
                found.forEach(image -> known.put(image.id(), image));
                show.accept(List.copyOf(known.values()));
            }
        }, problem -> { });     // an image that cannot be read says so when the loop begins
    }
}
