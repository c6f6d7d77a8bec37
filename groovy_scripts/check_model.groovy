/*
 * Compares what is annotated in the project with what a model says there: F1, and the annotated areas that
 * it disagrees with most.
 *
 * Needs: a project with annotations, the hookpath extension, its Python, a model.
 * Does: changes nothing; the report is in hookpath/checks beside the project.
 *
 * In the script editor: change the settings, Run (not: Run for project).
 * Without a window:
 *   QuPath script check_model.groovy --project P.qpproj --args model=first
 */
import qupath.ext.hookpath.Hookpath

def settings = Hookpath.settings(args,
    model: '',          // name of a model of the project, or its folder
    leftOut: true,      // also ask, for each image, a quick network that learned from the others
)
// QuPath runs a script once for every image of a project; once is enough here.
if (binding.variables.get('qupath.script.batchIndex') ?: 0)
    return
def found = Hookpath.check(settings)
println "F1 ${found.parts().all.macroF1().value()} on ${found.images().size()} images"
found.areas().take(20).each { area ->
    println "${area.image()}: drawn ${area.drawn()}, predicted ${area.predicted()} (${area.doubt().round(2)})"
}
