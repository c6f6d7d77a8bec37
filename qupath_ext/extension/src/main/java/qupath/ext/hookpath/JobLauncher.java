package qupath.ext.hookpath;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import qupath.ext.hookpath.core.environment.PythonInterpreter;
import qupath.ext.hookpath.core.environment.PythonProblem;
import qupath.ext.hookpath.core.jobs.JobEvent;
import qupath.ext.hookpath.core.jobs.JobFolders;
import qupath.ext.hookpath.core.jobs.JobListEntry;
import qupath.ext.hookpath.core.jobs.JobOutcome;
import qupath.ext.hookpath.core.jobs.JobProcess;
import qupath.ext.hookpath.core.jobs.JobRequest;
import qupath.lib.gui.UserDirectoryManager;
import qupath.lib.projects.Project;

/** Where jobs live and how they are started; every command of the extension goes this way. */
public final class JobLauncher {

    private JobLauncher() {}

    /**
     * The folder in which {@code hookpath/…} is kept: the project's, else QuPath's user
     * directory.
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
            throw new HookpathException(UiTexts.get("error.write", base, ErrorMessages.oneLine(e)),
                    e);
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
    public static JobProcess start(
            String python, Path jobFolder, JobRequest request, Consumer<JobEvent> onEvent) {
        try {
            PythonInterpreter found = PythonChoice.find(python);
            JobListEntry track = SessionJobs.begin(jobFolder);
            try {
                JobProcess job = JobProcess.start(found, request.write(jobFolder), event -> {
                    track.heard(event);
                    onEvent.accept(event);
                });
                track.follow(job);
                return job;
            } catch (IOException e) {
                track.failed(ErrorMessages.oneLine(e));
                throw e;
            }
        } catch (PythonProblem problem) {
            throw ErrorMessages.of(problem);
        } catch (IOException e) {
            throw new HookpathException(
                    UiTexts.get("error.write", jobFolder, ErrorMessages.oneLine(e)), e);
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
    public static JobProcess quietly(Path jobFolder, JobRequest request) throws IOException {
        try {
            return JobProcess.start(PythonChoice.find(null), request.write(jobFolder),
                    event -> { });
        } catch (PythonProblem problem) {
            throw ErrorMessages.of(problem);
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
    public static JobOutcome await(JobProcess job) {
        try {
            return job.await();
        } catch (InterruptedException e) {
            job.cancel();
            job.future().join();
            Thread.currentThread().interrupt();
            throw new HookpathException(UiTexts.get("job.stopped"), e);
        }
    }
}
