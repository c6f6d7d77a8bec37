/*
 * One step of the annotation loop: train on little, have the next images proposed, correct them,
 * train again.
 *
 * Needs: a project with a few annotated images, the hookpath extension, its Python.
 * Steps:
 *   start    begins a loop; nothing is trained yet
 *   propose  predicts the image, or the first that is to do, as annotations to be corrected; the
 *            first time it trains before
 *   next     names the proposed image that is worth correcting next
 *   accept   the image (by default the current one) is corrected: takes over what was confirmed,
 *            drawn or changed; what was proposed and not touched never teaches
 *   retrain  trains the next round's model on all that is known by then
 *   status   says where every image stands
 *
 * In the script editor: change the settings, Run (not: Run for project).
 * Without a window (--save where the step changes the current image: propose, accept):
 *   QuPath script annotation_loop.groovy --project P.qpproj --image "a.svs" --args step=start
 *   QuPath script annotation_loop.groovy --project P.qpproj --image "a.svs" --save
 *       --args step=accept --args whole=true
 */
import qupath.ext.hookpath.Hookpath

def settings = Hookpath.settings(args,
    step: 'status',         // start, propose, next, accept, retrain, status
    image: [],              // propose, accept: names of images
    count: 1,               // propose: so many of the images that are to do
    whole: false,           // accept: all that is shown on the image is right
    region: [],             // accept: names of annotations in which all that is shown is right
    model: '',              // start: family, 'hooknet' or 'unet'
    preset: '',             // start: 'paper' (for a GPU), 'fast' (minutes); '': by the machine
    rest: '',               // start: class of confirmed area that no annotation covers
    set: [],                // start, retrain: single settings, such as 'epochs=10'
)
// QuPath runs a script once for every image of a project; once is enough here.
if (binding.variables.get('qupath.script.batchIndex') ?: 0)
    return
def step = settings.step
def options = [
    start: ['model', 'preset', 'rest', 'set'],
    propose: ['image', 'count'],
    accept: ['image', 'whole', 'region'],
    retrain: ['set'],
][step] ?: []
if (step == 'accept' && !settings.image)
    settings.image = [getProjectEntry().getID()]
def done = Hookpath.loop(step == 'next' ? 'status' : step, settings.subMap(options).findAll { it.value != null })
done.status().images().each { println "${it.name()}: ${it.state()}" }
if (step == 'next')
    println "next: ${done.status().next(getProjectEntry().getID())?.name()}"
println "round ${done.status().round()}, ${done.added()} objects added, ${done.removed()} taken away"
