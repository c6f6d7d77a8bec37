package qupath.ext.hookpath;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import qupath.ext.hookpath.core.ClassNameRule;
import qupath.ext.hookpath.core.Plane;
import qupath.ext.hookpath.core.jobs.ImageServerRecord;
import qupath.ext.hookpath.core.models.ModelLibrary;
import qupath.ext.hookpath.core.training.AnnotatedImage;
import qupath.ext.hookpath.core.training.LinesAndPoints;
import qupath.ext.hookpath.core.training.TrainingRole;
import qupath.lib.images.servers.ImageServer;
import qupath.lib.images.servers.ImageServerBuilder.ServerBuilder;
import qupath.lib.images.servers.PixelCalibration;
import qupath.lib.objects.PathObject;
import qupath.lib.projects.Project;
import qupath.lib.projects.ProjectImageEntry;
import qupath.lib.roi.interfaces.ROI;

/**
 * What a person drew on an image of a project: of one in the window what is on the screen, of the
 * others what was saved; of changed results what teaches. Areas that overlap count twice. Not for
 * the JavaFX thread.
 */
public final class ProjectAnnotations {

    private static final Logger logger = LoggerFactory.getLogger(ProjectAnnotations.class);

    private ProjectAnnotations() {}

    /**
     * Reads one image; never throws.
     *
     * @param project the project
     * @param entry one of its images
     * @return annotated areas by class, the image's role, and why it cannot be used
     */
    public static AnnotatedImage of(
            Project<BufferedImage> project, ProjectImageEntry<BufferedImage> entry) {
        TrainingRole role = TrainingRole.of(entry.getMetadata().get(TrainingRole.KEY));
        try {
            if (OpenImage.isOpen(project, entry)) {
                OpenImage image = OpenImage.of(project, entry);
                return drawn(project, entry, role, image.objects(),
                        image.data().getServerBuilder());
            }
            OpenImage.checkComplete(entry);
            return drawn(project, entry, role, entry.readHierarchy().getAllObjects(false),
                    entry.getServerBuilder());
        } catch (IOException | RuntimeException e) {
            logger.warn("{}: what is drawn on it cannot be read", entry.getImageName(), e);
            return new AnnotatedImage(entry.getID(), entry.getImageName(), Map.of(), role,
                    ErrorMessages.oneLine(e));
        }
    }

    private static AnnotatedImage drawn(Project<BufferedImage> project,
            ProjectImageEntry<BufferedImage> entry, TrainingRole role,
                    Collection<PathObject> objects,
            ServerBuilder<BufferedImage> builder) throws IOException {
        ImageServerRecord record = JobInputWriter.serverOf(builder);
        String problem = record.problem();
        PixelCalibration pixel = problem == null ? calibration(builder) : null;
        boolean known = pixel != null && pixel.hasPixelSizeMicrons();
        if (problem == null && !known) {
            problem = UiTexts.get("train.noPixelSize");
        }
        Map<String, Double> mm2 = new LinkedHashMap<>();
        Map<String, LinesAndPoints> thin = new LinkedHashMap<>();
        ConfirmedArea teaching = ConfirmedArea.of(
                new ModelLibrary(JobLauncher.base(project)).loop(), entry.getID(),
                new Plane(record.sizeZ(), record.sizeT()), objects);
        Set<Plane> planes = new LinkedHashSet<>();
        double left = 0;
        for (PathObject object : objects) {
            if (!isOfAClass(object)) {
                continue;
            }
            String name = object.getPathClass().toString();
            planes.add(TargetRegions.planeOf(object));
            boolean ours = ResultOwnership.isOurs(object, null);
            if (object.getROI().isArea()) {
                double px2 = teaching.counts(object);
                double whole = known ? areaMm2(object, pixel) : Double.NaN;
                double counts = Double.isNaN(px2) ? whole
                        : px2 * 1e-6 * (known ? areaUm2(pixel) : Double.NaN);
                if (px2 != 0) {
                    mm2.merge(name, counts, Double::sum);
                }
                left += ours || Double.isNaN(px2) ? 0 : whole - counts;
            } else if (!ours) {
                thin.merge(name, thin(object, known ? pixel : null), LinesAndPoints::plus);
            }
        }
        return new AnnotatedImage(entry.getID(), entry.getImageName(), mm2, role, problem, mm2,
                thin,
                left, record.channels(), ImageStacks.named(planes, record.sizeZ(), record.sizeT()));
    }

    /** Whether it is an annotation of a class that can be learned. */
    static boolean isOfAClass(PathObject object) {
        return object.isAnnotation() && object.hasROI()
                && object.getPathClass() != null
                && ClassNameRule.isUsable(object.getPathClass().toString());
    }

    /** A point has no length, and several are as many discs. */
    private static LinesAndPoints thin(PathObject object, PixelCalibration pixel) {
        ROI roi = object.getROI();
        if (roi.isPoint()) {
            return new LinesAndPoints(0, roi.getNumPoints());
        }
        double lengthMm = pixel == null ? Double.NaN : 1e-3 * roi.getScaledLength(
                pixel.getPixelWidthMicrons(), pixel.getPixelHeightMicrons());
        return new LinesAndPoints(lengthMm, 1);
    }

    private static double areaMm2(PathObject object, PixelCalibration pixel) {
        return 1e-6 * object.getROI().getScaledArea(
                pixel.getPixelWidthMicrons(), pixel.getPixelHeightMicrons());
    }

    private static double areaUm2(PixelCalibration pixel) {
        return pixel.getPixelWidthMicrons() * pixel.getPixelHeightMicrons();
    }

    /** As QuPath keeps it with the image; where it does not, the file is opened. */
    private static PixelCalibration calibration(ServerBuilder<BufferedImage> builder) {
        if (builder.getMetadata().isPresent()) {
            return builder.getMetadata().get().getPixelCalibration();
        }
        try {
            ImageServer<BufferedImage> server = builder.build();
            PixelCalibration found = server.getPixelCalibration();
            server.close();
            return found;
        } catch (Exception e) {
            throw new HookpathException(ErrorMessages.oneLine(e), e);
        }
    }
}
