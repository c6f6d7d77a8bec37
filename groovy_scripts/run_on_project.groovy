/*
 * Runs a trained model on images of the project, all in one job (quicker than image by image), and
 * saves each. An image that fails is named at the end; the others have their results.
 *
 * Needs: a project, the hookpath extension, its Python, a model (train.groovy makes one).
 * Does: as run_on_image.groovy in every image. An image that is open in the window gets its results
 * there and is not saved, as after any command.
 *
 * In the script editor: change the settings, Run (not: Run for project).
 * Without a window (--save for the image that QuPath opens for the script):
 *   QuPath script run_on_project.groovy --project P.qpproj --save
 *       --args model=/models/tumour --args images=a.svs --args images=b.svs
 */
import qupath.ext.hookpath.Hookpath

def settings = Hookpath.settings(args,
    model: '',              // model folder, or the name of a model in the project's hookpath/models
    images: [],             // names of images; []: all
    as: 'detections',       // 'detections', 'annotations' or 'none' (only maps)
    inside: '',             // only inside annotations of this class; '*': any class
    minArea: 100,           // smaller objects are left out, in square micrometres
    simplify: 0.5,          // outlines may move by this much, in micrometres
    device: 'auto',         // 'auto', 'cpu', 'cuda', 'cuda:1', 'mps'
    tiff: true,             // also write class maps and probabilities as TIFF
    tissue: true,           // only where there is tissue
    out: '',                // folder for maps and GeoJSON; '': hookpath/predictions in the project
)
// QuPath runs a script once for every image of a project; once is enough here.
if (binding.variables.get('qupath.script.batchIndex') ?: 0)
    return
def found = Hookpath.predictProject(settings)
found.images().each { println "${it.name()}: ${it.added()} objects, ${it.areasMm2()} mm2" }
println "maps in ${found.out()}"
