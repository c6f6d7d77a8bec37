// Runs pieces of Groovy one after another on the image: args[0] is a JSON file with a list of
// {name, run}, args[1] gets for each what it gave or what went wrong, and the objects afterwards.
import com.google.gson.Gson
import com.google.gson.GsonBuilder
import com.google.gson.JsonSerializer

def json = new GsonBuilder().serializeNulls().registerTypeHierarchyAdapter(GString, { text, type, to ->
    to.serialize(text.toString())
} as JsonSerializer).create()

def prelude = 'import static qupath.lib.gui.scripting.QPEx.*\nimport qupath.ext.hookpath.Hookpath\n'
def objects = {
    getCurrentHierarchy().getAllObjects(false).collect { o -> [
        id: o.getID().toString(),
        type: o.getClass().getSimpleName(),
        classification: o.getPathClass()?.toString(),
        name: o.getName(),
        parent: o.getParent().isRootObject() ? null : o.getParent().getID().toString(),
        area: o.getROI().getGeometry().getArea(),
        run: o.getMetadata().get('hookpath.run'),
    ]}.sort { it.id }
}
def found = new Gson().fromJson(new File(args[0]).getText('UTF-8'), List).collect { given ->
    def outcome = [name: given.name, value: null, problem: null, kind: null]
    def started = System.nanoTime()
    try {
        def shell = new GroovyShell(this.class.classLoader, new Binding())
        outcome.value = shell.evaluate(prelude + given.run)?.toString()
    } catch (Throwable e) {
        outcome.problem = e.getMessage() ?: ''
        outcome.kind = e.getClass().getSimpleName()
    }
    outcome.seconds = (System.nanoTime() - started) / 1e9
    outcome.objects = objects()
    outcome.selected = getSelectedObjects().collect { it.getID().toString() }
    outcome.steps = getCurrentImageData().getHistoryWorkflow().getSteps().collect { it.getScript() }
    outcome
}
new File(args[1]).setText(json.toJson(found), 'UTF-8')
null
