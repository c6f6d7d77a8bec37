package qupath.ext.hookpath.predict;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.OpenImage;
import qupath.ext.hookpath.TargetRegions;
import qupath.ext.hookpath.UiTexts;
import qupath.lib.objects.PathObject;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;

/** Where to predict. */
public sealed interface PredictTarget {

    /**
     * One image that is open.
     *
     * @param image the image
     * @param project its project; null: none
     * @param where the part of it
     */
    record One(OpenImage image, Project<BufferedImage> project,
            Where where) implements PredictTarget {}

    /**
     * Images of a project, each saved afterwards unless it is in the window.
     *
     * @param project the project
     * @param entries its images
     * @param where the part of each
     */
    record Several(Project<BufferedImage> project, List<ProjectImageEntry<BufferedImage>> entries,
            Where where) implements PredictTarget {}

    /** The part of an image. */
    sealed interface Where {

        /** All of it. */
        record Everywhere() implements Where {}

        /** Inside what is selected. */
        record Selected() implements Where {}

        /**
         * Inside a person's annotations of a class.
         *
         * @param className the class; {@link TargetRegions#ANY}: all annotations
         */
        record Inside(String className) implements Where {}
    }

    /** The part of each image. */
    Where where();

    /** The project; null: none. */
    Project<BufferedImage> project();

    /**
     * The objects of an image to predict in.
     *
     * @param image the image's name, for messages
     * @param objects all objects of the image
     * @param selected those selected
     * @return null: the whole image
     * @throws HookpathException there is none
     */
    default List<PathObject> regions(
            String image, Collection<PathObject> objects, Collection<PathObject> selected) {
        return switch (where()) {
            case Where.Everywhere all -> null;
            case Where.Selected chosen -> some(TargetRegions.usable(selected),
                    UiTexts.get("error.nothingSelected", image));
            case Where.Inside inside -> some(TargetRegions.drawn(objects, inside.className()),
                    UiTexts.get("error.nothingInside", image, inside.className()));
        };
    }

    private static List<PathObject> some(List<PathObject> found, String otherwise) {
        if (found.isEmpty()) {
            throw new HookpathException(otherwise);
        }
        return new ArrayList<>(found);
    }
}
