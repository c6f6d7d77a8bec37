package qupath.ext.hookpath.train;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import qupath.ext.hookpath.ErrorMessages;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.JobInputWriter;
import qupath.ext.hookpath.JobLauncher;
import qupath.ext.hookpath.ProjectEntries;
import qupath.ext.hookpath.core.jobs.JobOutcome;
import qupath.ext.hookpath.core.jobs.JobProcess;
import qupath.ext.hookpath.core.jobs.RequestImage;
import qupath.ext.hookpath.core.jobs.RequestProject;
import qupath.ext.hookpath.core.training.TrainingCost;
import qupath.ext.hookpath.core.training.TrainingRole;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;

/**
 * What a training would take, found out by a few of its steps ({@code hookpath train --dry-run}).
 *
 * @param cost what was measured; null: it would be refused
 * @param problem why it would be refused, one line; null: it would not
 */
public record TrainDryRun(TrainingCost cost, String problem) {

    /**
     * Starts measuring; nothing in the project changes. Not for the JavaFX thread.
     *
     * @param project what would be learned from
     * @param options how
     * @param roles what its images are for, saved or not
     * @param folder for the job
     * @throws IOException it cannot be started
     * @throws HookpathException no Python, no such image…
     */
    public static JobProcess start(Project<BufferedImage> project, TrainOptions options,
            Map<String, TrainingRole> roles, Path folder) throws IOException {
        List<ProjectImageEntry<BufferedImage>> entries =
                ProjectEntries.chosen(project, options.images());
        RequestProject part = new JobInputWriter(folder).project(project, entries,
                JobInputWriter::annotations);
        List<RequestImage> images = part.images().stream()
                .map(image -> with(image, roles.get(image.id()))).toList();
        return JobLauncher.quietly(folder, options.request().option("dry-run", true)
                .project(new RequestProject(part.name(), part.classes(), images, part.loop()))
                .build());
    }

    /** What came of it; null: it was stopped, or nothing can be said. */
    public static TrainDryRun of(JobOutcome outcome) {
        return switch (outcome.state()) {
            case DONE -> {
                TrainingCost cost = TrainingCost.of(outcome.results());
                yield cost == null ? null : new TrainDryRun(cost, null);
            }
            case FAILED -> new TrainDryRun(null, ErrorMessages.of(outcome).getMessage());
            case STOPPED, DIED -> null;
        };
    }

    private static RequestImage with(RequestImage image, TrainingRole role) {
        Map<String, String> metadata = new LinkedHashMap<>(image.metadata());
        if (role == null) {
            metadata.remove(TrainingRole.KEY);
        } else {
            metadata.put(TrainingRole.KEY, role.value());
        }
        return new RequestImage(image.id(), image.name(), image.slide(), image.mppXY(),
                image.cropToBounds(), image.annotations(), metadata, image.server(),
                image.problem());
    }
}
