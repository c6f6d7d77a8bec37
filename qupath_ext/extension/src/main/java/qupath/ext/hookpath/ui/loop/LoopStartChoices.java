package qupath.ext.hookpath.ui.loop;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.ClassNameRule;
import qupath.lib.objects.classes.PathClass;
import qupath.lib.projects.Project;

/** What there is to choose from when a loop begins. */
final class LoopStartChoices {

    private LoopStartChoices() {}

    /** "None" and the project's classes that can be learned. */
    static List<String> classes(Project<BufferedImage> project) {
        List<String> found = new ArrayList<>(List.of(UiTexts.get("loop.rest.none")));
        for (PathClass known : project == null ? List.<PathClass>of() : project.getPathClasses()) {
            if (known != null && known != PathClass.NULL_CLASS
                    && ClassNameRule.isUsable(known.toString())) {
                found.add(known.toString());
            }
        }
        return found;
    }
}
