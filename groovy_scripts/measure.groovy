/*
 * Measures how much of each class lies on images and inside their annotations and TMA cores.
 *
 * Needs: results on the images, the hookpath extension, its Python; no model.
 * Does: writes measurements (HookNet: …) into annotations, TMA cores and images, and one table. The
 * current image is changed in place, others are saved.
 *
 * In the script editor: change the settings, Run (not: Run for project).
 * Without a window (--save for the image that QuPath opens for the script):
 *   QuPath script measure.groovy --project P.qpproj --image "a.svs" --save --args inside=Biopsy
 */
import qupath.ext.hookpath.Hookpath

def settings = Hookpath.settings(args,
    images: [],     // names of images; []: the current one
    inside: '',     // class of the annotations; '': those that are no labels; '*': all
    out: '',        // the table (CSV); '': hookpath/measurements.csv beside the project
)
// QuPath runs a script once for every image of a project; once is enough here.
if (binding.variables.get('qupath.script.batchIndex') ?: 0)
    return
def found = Hookpath.measure(settings)
println "${found.images().size()} images, ${found.regions()} regions; table in ${found.table()}"
