package qupath.ext.hookpath.core.jobs;

import java.nio.file.Path;
import java.util.List;

/**
 * The project, or the part of it, that a job works on.
 *
 * @param name    the project's name
 * @param classes its classes, in the project's order
 * @param images  the images to work on
 * @param loop    folder of its annotation loop, which remembers what was proposed; null: none
 */
public record RequestProject(String name, List<RequestClass> classes, List<RequestImage> images,
                          Path loop) {

    /** One whose jobs need not know of a loop. */
    public RequestProject(String name, List<RequestClass> classes, List<RequestImage> images) {
        this(name, classes, images, null);
    }
}
