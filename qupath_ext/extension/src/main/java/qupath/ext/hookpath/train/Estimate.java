package qupath.ext.hookpath.train;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import qupath.ext.hookpath.Entries;
import qupath.ext.hookpath.Exchange;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.JobStart;
import qupath.ext.hookpath.Problems;
import qupath.ext.hookpath.core.ImagePart;
import qupath.ext.hookpath.core.Job;
import qupath.ext.hookpath.core.JobOutcome;
import qupath.ext.hookpath.core.ProjectPart;
import qupath.ext.hookpath.core.Role;
import qupath.ext.hookpath.core.TrainingCost;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;

/**
 * What a training would take, found out by a few of its steps ({@code hookpath train --dry-run}).
 *
 * @param cost what was measured; null: it would be refused
 * @param problem why it would be refused, one line; null: it would not
 */
public record Estimate(TrainingCost cost, String problem) {

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
    public static Job start(Project<BufferedImage> project, TrainOptions options,
            Map<String, Role> roles, Path folder) throws IOException {
        List<ProjectImageEntry<BufferedImage>> entries =
                Entries.chosen(project, options.images());
        ProjectPart part = new Exchange(folder).project(project, entries, Exchange::annotations);
        List<ImagePart> images = part.images().stream()
                .map(image -> with(image, roles.get(image.id()))).toList();
        return JobStart.quietly(folder, options.request().option("dry-run", true)
                .project(new ProjectPart(part.name(), part.classes(), images, part.loop()))
                .build());
    }

    /** What came of it; null: it was stopped, or nothing can be said. */
    public static Estimate of(JobOutcome outcome) {
        return switch (outcome.state()) {
            case DONE -> {
                TrainingCost cost = TrainingCost.of(outcome.results());
                yield cost == null ? null : new Estimate(cost, null);
            }
            case FAILED -> new Estimate(null, Problems.of(outcome).getMessage());
            case STOPPED, DIED -> null;
        };
    }

    private static ImagePart with(ImagePart image, Role role) {
        Map<String, String> metadata = new LinkedHashMap<>(image.metadata());
        if (role == null) {
            metadata.remove(Role.KEY);
        } else {
            metadata.put(Role.KEY, role.value());
        }
        return new ImagePart(image.id(), image.name(), image.slide(), image.mppXY(),
                image.cropToBounds(), image.annotations(), metadata, image.server(),
                image.problem());
    }
}
