package qupath.ext.hookpath;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;

/** Images of a project by name or number, and what is kept about them. */
public final class ProjectEntries {

    private ProjectEntries() {}

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
                throw new HookpathException(UiTexts.get("error.imageMissing", name));
            }
            found.addAll(matching);
        }
        return found;
    }

    /**
     * Sets values of an image's metadata; {@link #save} writes them.
     *
     * @param metadata an image's metadata
     * @param values key → value; null: remove it
     * @return whether anything is other than before
     */
    public static boolean set(Map<String, String> metadata, Map<String, String> values) {
        boolean changed = false;
        for (Map.Entry<String, String> one : values.entrySet()) {
            String before = one.getValue() == null ? metadata.remove(one.getKey())
                    : metadata.put(one.getKey(), one.getValue());
            changed |= !Objects.equals(before, one.getValue());
        }
        return changed;
    }

    /**
     * Writes a project's file: images, metadata, classes. Not for the JavaFX thread.
     *
     * @param project the project
     * @throws HookpathException it cannot be written
     */
    public static void save(Project<BufferedImage> project) {
        try {
            project.syncChanges();
        } catch (IOException e) {
            throw new HookpathException(
                    UiTexts.get("error.save", project.getName(), ErrorMessages.oneLine(e)), e);
        }
    }
}
