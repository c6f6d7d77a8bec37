package qupath.ext.hookpath;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.time.Instant;
import javafx.application.Platform;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import qupath.ext.hookpath.core.jobs.JobListEntry;
import qupath.lib.gui.QuPathGUI;
import qupath.lib.projects.Project;

/** The jobs of this session, the latest first; whatever window or script started them. */
public final class SessionJobs {

    private static final int KEPT = 100;
    private static final ObservableList<JobListEntry> ALL = FXCollections.observableArrayList();

    private SessionJobs() {}

    /** For the JavaFX thread; what a job says later changes nothing in the list itself. */
    public static ObservableList<JobListEntry> all() {
        return FXCollections.unmodifiableObservableList(ALL);
    }

    /** How many are running. */
    public static long running() {
        return ALL.stream().filter(job -> job.state() == JobListEntry.State.RUNNING).count();
    }

    /** One that begins; nobody sees it where there is no window, nor where it only looks. */
    public static JobListEntry begin(Path folder) {
        QuPathGUI qupath = QuPathGUI.getInstance();
        Project<BufferedImage> project = qupath == null ? null : qupath.getProject();
        var track = new JobListEntry(folder, project == null ? null : name(project), Instant.now());
        if (qupath != null && !"loop-status".equals(track.name())) {
            Platform.runLater(() -> {
                ALL.add(0, track);
                if (ALL.size() > KEPT) {
                    ALL.remove(KEPT, ALL.size());
                }
            });
        }
        return track;
    }

    private static String name(Project<BufferedImage> project) {
        Path file = project.getPath();
        return file == null ? project.getName() : String.valueOf(file.getParent().getFileName());
    }
}
