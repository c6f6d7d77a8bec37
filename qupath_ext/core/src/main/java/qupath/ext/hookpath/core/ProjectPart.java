package qupath.ext.hookpath.core;

import java.util.List;

/**
 * The project, or the part of it, that a job works on.
 *
 * @param name    the project's name
 * @param classes its classes, in the project's order
 * @param images  the images to work on
 */
public record ProjectPart(String name, List<ClassPart> classes, List<ImagePart> images) {
}
