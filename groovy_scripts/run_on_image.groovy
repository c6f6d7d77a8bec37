/*
 * Runs a trained model on the current image and puts what it finds into it.
 *
 * Needs: the hookpath extension, its Python (Extensions > HookNet > Set up Python...), a model
 * (train.groovy makes one), an image with a known pixel size.
 * Does: earlier results of hookpath in this image are replaced; whatever a person drew, or changed
 * in a result, stays. With a probability map: it lies in the folder that the last line names.
 *
 * In the script editor: change the settings, Run; Run > Run for project does all images.
 * Without a window (--save keeps the results; without --image: every image of the project):
 *   QuPath script run_on_image.groovy --project P.qpproj --image "a.svs" --save
 *       --args model=/models/tumour --args as=annotations
 */
import qupath.ext.hookpath.Hookpath

def settings = Hookpath.settings(args,
    model: '',              // model folder, or the name of a model in the project's hookpath/models
    as: 'detections',       // 'detections', 'annotations' or 'none' (only maps)
    selected: false,        // true: only inside the selected annotations
    inside: '',             // only inside annotations of this class; '*': any class
    minArea: 100,           // smaller objects are left out, in square micrometres
    simplify: 0.5,          // outlines may move by this much, in micrometres
    device: 'auto',         // 'auto', 'cpu', 'cuda', 'cuda:1', 'mps'
    tiff: true,             // also write class map and probabilities as TIFF
    tissue: true,           // only where there is tissue
    out: '',                // folder for maps and GeoJSON; '': hookpath/predictions in the project
)
def found = Hookpath.predict(settings)
found.areasMm2().each { name, area -> println String.format('%s: %.4f mm2', name, area) }
println "${found.added()} objects; maps in ${found.out()}"
