/*
 * One step of the annotation loop: train on little, have the next images proposed, correct them,
 * train again.
 *
 * Needs: a project with a few annotated images, the hookpath extension, its Python.
 * Steps:
 *   start    begins a loop; nothing is trained yet
 *   propose  predicts the image, or the first that is to do, as annotations to be corrected; the
 *            first time it trains before
 *   rank     looks at all images that are to do with the last model, names the one that is most
 *            worth proposing on, and shows on it where to look
 *   next     names the proposed image that is worth correcting next
 *   accept   the image (by default the current one) is corrected: takes over what was confirmed,
 *            drawn or changed; what was proposed and not touched never teaches
 *   retrain  trains the next round's model on all that is known by then
 *   status   says where every image stands
 *   merge    takes over what was done on another copy of the project
 *
 * In the script editor: change the settings, Run (not: Run for project).
 * Without a window (--save where the step changes the current image: propose, accept):
 *   QuPath script annotation_loop.groovy --project P.qpproj --image "a.svs" --args step=start
 *   QuPath script annotation_loop.groovy --project P.qpproj --image "a.svs" --save
 *       --args step=accept --args whole=true
 */
import qupath.ext.hookpath.Hookpath

def settings = Hookpath.settings(args,
    step: 'status',         // start, propose, rank, next, accept, retrain, status, merge
    image: [],              // propose, accept: names of images
    count: 1,               // propose, rank: so many of the images that are to do
    strategy: '',           // rank: 'both', 'uncertainty', 'diversity' or 'random'
    whole: false,           // accept: all that is shown on the image is right
    region: [],             // accept: names of annotations in which all that is shown is right
    model: '',              // start: family, 'hooknet' or 'unet'
    preset: '',             // start: 'paper' (for a GPU), 'fast' (minutes); '': by the machine
    rest: '',               // start: class of confirmed area that no annotation covers
    'with': '',             // merge: folder of the other copy
    set: [],                // start, retrain: single settings, such as 'epochs=10'
)
// QuPath runs a script once for every image of a project; once is enough here.
if (binding.variables.get('qupath.script.batchIndex') ?: 0)
    return
def step = settings.step
def options = [
    start: ['model', 'preset', 'rest', 'set'],
    propose: ['image', 'count'],
    rank: ['count', 'strategy'],
    accept: ['image', 'whole', 'region'],
    retrain: ['set'],
    merge: ['with'],
][step] ?: []
if (step == 'accept' && !settings.image)
    settings.image = [getProjectEntry().getID()]
def done = Hookpath.loop([next: 'status', rank: 'next'][step] ?: step, settings.subMap(options).findAll { it.value != null })
done.status().images().each { println "${it.name()}: ${it.state()}" }
if (step == 'rank')
    println "most worth it: ${done.ranked().join(', ')}"
done.conflicts().each { println "both copies worked on ${it}: the older is set aside" }
if (step == 'next')
    println "next: ${done.status().next(getProjectEntry().getID())?.name()}"
println "round ${done.status().round()}, ${done.added()} objects added, ${done.removed()} taken away"
