package qupath.ext.hookpath.loop;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import qupath.ext.hookpath.Entries;
import qupath.ext.hookpath.Exchange;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.JobStart;
import qupath.ext.hookpath.OpenImage;
import qupath.ext.hookpath.Problems;
import qupath.ext.hookpath.ResultImport;
import qupath.ext.hookpath.core.Event;
import qupath.ext.hookpath.core.Job;
import qupath.ext.hookpath.core.JobOutcome;
import qupath.ext.hookpath.core.LoopStatus;
import qupath.ext.hookpath.core.ResultIndex.ImageResult;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;

/**
 * One step of the annotation loop on the open project: images and annotations are handed over,
 * proposals and states come back and are imported here; Python never touches the project.
 * {@link #start} and {@link #finish} take a while: not for the JavaFX thread.
 */
public final class LoopJob {

    private static final Logger logger = LoggerFactory.getLogger(LoopJob.class);

    private final Project<BufferedImage> project;
    private final LoopOptions options;

    /**
     * A step that is still to be started.
     *
     * @param project the project
     * @param options what to do
     */
    public LoopJob(Project<BufferedImage> project, LoopOptions options) {
        this.project = project;
        this.options = options;
    }

    /**
     * Writes down what is open and starts the job.
     *
     * @param onEvent hears the job's events, on a thread of its own
     * @return the running job
     * @throws HookpathException no Python…; nothing was changed
     */
    public Job start(Consumer<Event> onEvent) {
        Path folder = JobStart.folder(project, "loop-" + options.step());
        var part = new Exchange(folder).projectWithSome(project, project.getImageList(),
                entry -> options.needs(entry.getID()));
        return JobStart.start(options.python(), folder,
                options.request().project(part).build(), onEvent);
    }

    /**
     * Takes over what a job made, also of one that failed or was stopped half-way.
     *
     * @param outcome how the job ended
     * @return what became of it
     * @throws HookpathException it failed; what it had done before is in the project
     */
    public LoopSummary finish(JobOutcome outcome) {
        List<String> changed = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        int added = 0;
        int removed = 0;
        boolean metadata = false;
        for (Map.Entry<String, ImageResult> one : outcome.index().images().entrySet()) {
            ProjectImageEntry<BufferedImage> entry = entry(one.getKey());
            if (entry == null) {
                continue; // removed from the project while the job ran
            }
            if (isMetadataOnly(one.getValue())) {
                metadata |= Entries.set(entry.getMetadata(), one.getValue().metadata());
                continue;
            }
            try {
                ResultImport.Counts counts = takeOver(entry, one.getValue());
                added += counts.added();
                removed += counts.removed();
                changed.add(entry.getImageName());
            } catch (RuntimeException e) {
                logger.warn("{}: not imported", entry.getImageName(), e);
                problems.add(entry.getImageName() + ": " + Problems.oneLine(e));
            }
        }
        if (metadata) {
            Entries.save(project);
        }
        HookpathException failure = Problems.of(outcome);
        if (failure != null) {
            throw failure;
        }
        return new LoopSummary(options.step(), LoopStatus.in(outcome.results()), changed, added,
                removed, problems);
    }

    private ResultImport.Counts takeOver(
            ProjectImageEntry<BufferedImage> entry, ImageResult result) {
        OpenImage image = OpenImage.of(project, entry);
        ResultImport.Counts counts = new ResultImport(image).project(project).run(result);
        image.saveUnlessShown();
        return counts;
    }

    private ProjectImageEntry<BufferedImage> entry(String id) {
        return project.getImageList().stream().filter(e -> e.getID().equals(id)).findFirst()
                .orElse(null);
    }

    private static boolean isMetadataOnly(ImageResult result) {
        return result.objects() == null && !result.replacesAll() && result.removedRuns().isEmpty();
    }
}
