package qupath.ext.hookpath.ui.loop;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import qupath.ext.hookpath.Texts;
import qupath.ext.hookpath.core.ClassRule;
import qupath.lib.objects.classes.PathClass;
import qupath.lib.projects.Project;

/** What there is to choose from when a loop begins. */
final class Choices {

    private Choices() {}

    /** "None" and the project's classes that can be learned. */
    static List<String> classes(Project<BufferedImage> project) {
        List<String> found = new ArrayList<>(List.of(Texts.get("loop.rest.none")));
        for (PathClass known : project == null ? List.<PathClass>of() : project.getPathClasses()) {
            if (known != null && known != PathClass.NULL_CLASS
                    && ClassRule.isUsable(known.toString())) {
                found.add(known.toString());
            }
        }
        return found;
    }
}
