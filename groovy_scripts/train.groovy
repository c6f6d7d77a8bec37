/*
 * Trains a model on the annotations of the project's images.
 *
 * Needs: a project whose images have a pixel size and annotations of at least two classes (a few
 * sparse polygons do; what is not annotated is unknown, and never counts), the hookpath extension, its
 * Python. Image metadata "hookpath.split" (train, validation, test) says what an image is for.
 * Does: makes a run folder with the model, its learning curves and a report. No object changes.
 * A stopped run goes on with resume: true and the same name or out.
 *
 * In the script editor: change the settings, Run (not: Run for project).
 * Without a window (--image, any one, so that QuPath opens no other):
 *   QuPath script train.groovy --project P.qpproj --image "a.svs" --args name=tumour
 *       --args preset=fast
 */
import qupath.ext.hookpath.Hookpath

def settings = Hookpath.settings(args,
    name: '',               // of the model, in the project's hookpath/models; '': a free one
    out: '',                // another folder for the run
    model: 'hooknet',       // family: 'hooknet', 'unet', 'mrn', 'classifier', 'multiscale',
                            // 'h2gnet', 'unet-lr' (docs/training.md says what each is for)
    preset: '',             // 'paper' (for a GPU), 'fast' (minutes); '': by the machine
    images: [],             // names of images; []: all that are annotated
    classes: [],            // names of classes; []: all that are annotated
    spacings: [],           // um/px of the network's inputs, the result's first (h2gnet: of its
                            // patches; unet-lr reads the whole slide and takes none)
    device: '',             // 'cpu', 'cuda', 'cuda:1', 'mps'; '': by the machine
    config: '',             // TOML file with further settings
    set: [],                // single settings, such as 'model.filters=16' or 'epochs=10'
    resume: false,          // true: go on with a stopped run
)
// QuPath runs a script once for every image of a project; once is enough here.
if (binding.variables.get('qupath.script.batchIndex') ?: 0)
    return
def trained = Hookpath.train(settings)
println "model ${trained.model()}, macro F1 ${trained.f1() ?: 'not measured'}"
