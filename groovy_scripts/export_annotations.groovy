/*
 * Writes the annotations of the current image as GeoJSON, named like its slide: beside a copy of
 * the slide, "hookpath train FOLDER" reads it without a QuPath.
 *
 * Needs: the hookpath extension; no Python.
 * Does: writes one file; outlines are written as drawn (QuPath's own export may lose area of
 * jagged ones). Nothing in the image changes.
 *
 * In the script editor: change the settings, Run; Run > Run for project does all images.
 * Without a window (without --image: every image of the project):
 *   QuPath script export_annotations.groovy --project P.qpproj --args to=/annotations
 */
import qupath.ext.hookpath.Hookpath

def settings = Hookpath.settings(args,
    to: '',                 // folder; '': hookpath/annotations in the project
)
println Hookpath.exportAnnotations(settings.to ?: buildFilePath(PROJECT_BASE_DIR, 'hookpath', 'annotations'))
