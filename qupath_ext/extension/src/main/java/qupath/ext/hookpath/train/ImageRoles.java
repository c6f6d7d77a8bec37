package qupath.ext.hookpath.train;

import java.awt.image.BufferedImage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javafx.application.Platform;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.JobLauncher;
import qupath.ext.hookpath.ProjectEntries;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.training.TrainingRole;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;

/** What images are for in training, kept in the project's image metadata where people see it. */
public final class ImageRoles {

    private ImageRoles() {}

    /**
     * Writes roles into the project. Not for the JavaFX thread.
     *
     * @param project the project
     * @param roles image id → role; null: none
     * @throws HookpathException the project cannot be written
     */
    public static synchronized void write(Project<BufferedImage> project, Map<String,
            TrainingRole> roles) {
        boolean changed = false;
        for (ProjectImageEntry<BufferedImage> entry : project.getImageList()) {
            if (roles.containsKey(entry.getID())) {
                changed |= set(entry.getMetadata(), roles.get(entry.getID()));
            }
        }
        if (changed) {
            save(project);
        }
    }

    /**
     * Roles as a script names them.
     *
     * @param project to find the images in
     * @param named image name or number → {@code train}, {@code val} or {@code test}
     * @throws HookpathException no such image or role
     */
    static Map<String, TrainingRole> parse(Project<BufferedImage> project, Map<?, ?> named) {
        Map<String, TrainingRole> roles = new LinkedHashMap<>();
        named.forEach((image, text) -> {
            TrainingRole role = text == null ? null : TrainingRole.of(text.toString());
            if (role == null && text != null) {
                throw new HookpathException(UiTexts.get("train.error.role", text));
            }
            ProjectEntries.chosen(project, List.of(image.toString()))
                    .forEach(entry -> roles.put(entry.getID(), role));
        });
        return roles;
    }

    /** A value that nobody knows stays where no role was chosen. */
    private static boolean set(Map<String, String> metadata, TrainingRole role) {
        if (TrainingRole.of(metadata.get(TrainingRole.KEY)) == role) {
            return false;
        }
        if (role == null) {
            metadata.remove(TrainingRole.KEY);
        } else {
            metadata.put(TrainingRole.KEY, role.value());
        }
        return true;
    }

    /** Of a project that cannot be written to, roles hold as long as it is open. */
    private static void save(Project<BufferedImage> project) {
        if (JobLauncher.isWritable(project)) {
            ProjectEntries.save(project);
        }
        QuPathGUI qupath = QuPathGUI.getInstance();
        if (qupath != null && qupath.getProject() == project) {
            Platform.runLater(qupath::refreshProject);
        }
    }
}
