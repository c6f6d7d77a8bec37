/*
 * Puts predictions that were made elsewhere (hookpath predict on a cluster, another program's
 * GeoJSON) into the current image.
 *
 * Needs: the hookpath extension; no Python. The folder that "hookpath predict -o" wrote (the image
 * finds its own part by its slide's name), one image's folder in it, or a GeoJSON file.
 * Does: objects of a prediction replace earlier results and can be taken away by their run
 * (remove_results.groovy). A GeoJSON file of another origin is added as it is.
 *
 * In the script editor: change the settings, Run; Run > Run for project does all images.
 * Without a window (--save keeps the objects; without --image: every image of the project):
 *   QuPath script import_predictions.groovy --project P.qpproj --save --args from=/results
 */
import qupath.ext.hookpath.Hookpath

def settings = Hookpath.settings(args,
    from: '',               // folder or GeoJSON file
)
if (!settings.from)
    throw new IllegalArgumentException("from: say what to import")
def counts = Hookpath.importPredictions(settings.from)
println "${counts.added()} objects added, ${counts.removed()} earlier results taken away"
