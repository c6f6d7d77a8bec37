/*
 * Makes the objects of a finished prediction anew from its probability maps, with another threshold,
 * smoothing or smallest area. Nothing is predicted again.
 *
 * Needs: a project with predictions, the hookpath extension, its Python.
 * Does: puts the objects in the place of earlier results; what people drew or changed stays. The
 * current image is changed in place, others are saved.
 *
 * In the script editor: change the settings, Run (not: Run for project).
 * Without a window (--save for the image that QuPath opens for the script):
 *   QuPath script redraw.groovy --project P.qpproj --image "a.svs" --save
 *       --args model=first --args threshold=0.6
 */
import qupath.ext.hookpath.Hookpath

def settings = Hookpath.settings(args,
    model: '',          // whose predictions: name of a model of the project, or its folder
    predictions: '',    // or their folder
    images: [],         // names of images; []: the current one
    as: 'detections',   // or 'annotations'
    threshold: 0.0,     // nothing is drawn where no class is as probable (0 to 1)
    smooth: 0.0,        // probabilities are averaged over so many micrometres
    minArea: 100.0,     // smaller pieces are left out, in square micrometres
    simplify: 0.5,      // outlines may move by so many micrometres
)
// QuPath runs a script once for every image of a project; once is enough here.
if (binding.variables.get('qupath.script.batchIndex') ?: 0)
    return
def found = Hookpath.redraw(settings)
println "${found.added()} objects on ${found.changed().join(', ')}"
