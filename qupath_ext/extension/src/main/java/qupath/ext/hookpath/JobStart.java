package qupath.ext.hookpath;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import qupath.ext.hookpath.core.Event;
import qupath.ext.hookpath.core.Job;
import qupath.ext.hookpath.core.JobFolders;
import qupath.ext.hookpath.core.JobOutcome;
import qupath.ext.hookpath.core.JobTrack;
import qupath.ext.hookpath.core.Python;
import qupath.ext.hookpath.core.PythonProblem;
import qupath.ext.hookpath.core.Request;
import qupath.lib.gui.UserDirectoryManager;
import qupath.lib.projects.Project;

/** Where jobs live and how they are started; every command of the extension goes this way. */
public final class JobStart {

    private JobStart() {}

    /**
     * The folder in which {@code hookpath/…} is kept: the project's, else QuPath's user directory.
     *
     * @param project may be null
     */
    public static Path base(Project<BufferedImage> project) {
        if (project != null && project.getPath() != null) {
            return project.getPath().getParent();
        }
        Path user = UserDirectoryManager.getInstance().getUserPath();
        return user != null ? user : Path.of(System.getProperty("java.io.tmpdir"));
    }

    /**
     * Whether something can be kept beside a project.
     *
     * @param project null: there is none, so it is kept elsewhere
     */
    public static boolean isWritable(Project<BufferedImage> project) {
        return project == null || Files.isWritable(base(project));
    }

    /** As {@link #base}; of a project that cannot be written to, QuPath's user directory. */
    public static Path place(Project<BufferedImage> project) {
        return base(isWritable(project) ? project : null);
    }

    /**
     * Makes a new folder for a job.
     *
     * @param project the project that it belongs to; may be null
     * @param command the command's name
     * @throws HookpathException the folder cannot be written to
     */
    public static Path folder(Project<BufferedImage> project, String command) {
        Path base = place(project);
        try {
            return JobFolders.create(base, command);
        } catch (IOException e) {
            throw new HookpathException(Texts.get("error.write", base, Problems.oneLine(e)), e);
        }
    }

    /**
     * Starts a job. Not for the JavaFX thread.
     *
     * @param python path of the Python to use; null or blank: find one
     * @param jobFolder the job's folder
     * @param request what to do
     * @param onEvent hears the events, on a thread of its own
     * @throws HookpathException no Python, the wrong version, or the folder cannot be written to
     */
    public static Job start(
            String python, Path jobFolder, Request request, Consumer<Event> onEvent) {
        try {
            Python found = Pythons.find(python);
            JobTrack track = Jobs.begin(jobFolder);
            try {
                Job job = Job.start(found, request.write(jobFolder), event -> {
                    track.heard(event);
                    onEvent.accept(event);
                });
                track.follow(job);
                return job;
            } catch (IOException e) {
                track.failed(Problems.oneLine(e));
                throw e;
            }
        } catch (PythonProblem problem) {
            throw Problems.of(problem);
        } catch (IOException e) {
            throw new HookpathException(
                    Texts.get("error.write", jobFolder, Problems.oneLine(e)), e);
        }
    }

    /**
     * Starts a job that only looks something up, and that no list of jobs shows. Not for the
     * JavaFX thread.
     *
     * @param jobFolder its folder, which the caller deletes
     * @param request what to look up
     * @throws IOException the folder cannot be written to, or Python not be started
     * @throws HookpathException no Python, or the wrong version
     */
    public static Job quietly(Path jobFolder, Request request) throws IOException {
        try {
            return Job.start(Pythons.find(null), request.write(jobFolder), event -> { });
        } catch (PythonProblem problem) {
            throw Problems.of(problem);
        }
    }

    /**
     * Waits for a job; interrupting the waiting thread cancels the job and waits until its
     * processes are gone (seconds), for QuPath may end next.
     *
     * @param job a running job
     * @return how it ended
     * @throws HookpathException the thread was interrupted
     */
    public static JobOutcome await(Job job) {
        try {
            return job.await();
        } catch (InterruptedException e) {
            job.cancel();
            job.future().join();
            Thread.currentThread().interrupt();
            throw new HookpathException(Texts.get("job.stopped"), e);
        }
    }
}
