/*
 * Takes hookpath's results away from the current image, whatever their number. What a person drew
 * stays, and so does a result that a person changed, named or locked.
 *
 * Needs: the hookpath extension; no Python.
 *
 * In the script editor: change the settings, Run; Run > Run for project does all images.
 * Without a window (--save keeps the change; without --image: every image of the project):
 *   QuPath script remove_results.groovy --project P.qpproj --image "a.svs" --save
 */
import qupath.ext.hookpath.Hookpath

def settings = Hookpath.settings(args,
    run: '',                // only this run, as an object's metadata says; '': all
)
def gone = settings.run ? Hookpath.removeResults(settings.run) : Hookpath.removeResults()
println "${gone.total()} objects taken away"
