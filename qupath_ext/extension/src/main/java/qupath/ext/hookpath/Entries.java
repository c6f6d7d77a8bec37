package qupath.ext.hookpath;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;

/** Images of a project by name or number. */
public final class Entries {

    private Entries() {}

    /**
     * The images that are meant.
     *
     * @param project the project
     * @param wanted names or numbers; empty: all
     * @throws HookpathException there is none of that name
     */
    public static List<ProjectImageEntry<BufferedImage>> chosen(
            Project<BufferedImage> project, List<String> wanted) {
        if (wanted.isEmpty()) {
            return project.getImageList();
        }
        List<ProjectImageEntry<BufferedImage>> found = new ArrayList<>();
        for (String name : wanted) {
            var matching = project.getImageList().stream().filter(entry ->
                    name.equals(entry.getImageName()) || name.equals(entry.getID())).toList();
            if (matching.isEmpty()) {
                throw new HookpathException(Texts.get("error.imageMissing", name));
            }
            found.addAll(matching);
        }
        return found;
    }
}
