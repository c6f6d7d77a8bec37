/*
 * Builds the Python environment that does the computing, or uses one that is there.
 *
 * Needs: the hookpath extension; the internet, or a folder of wheels (docs/in-qupath.md). What else
 * is missing, Python itself included, is fetched.
 * Does: a new environment is built in QuPath's user directory; it takes an old one's place only
 * when it works. With python, that one is checked and used, and nothing is built.
 *
 * In the script editor: change the settings, Run.
 * Without a window:
 *   QuPath script set_up_python.groovy --args wheels=/media/wheels --args offline=true
 */
import qupath.ext.hookpath.Hookpath

def settings = Hookpath.settings(args,
    python: '',             // use the environment of this Python, build nothing
    basePython: '',         // Python to build from; '': the first that is found
    wheels: '',             // folder of wheels to install from
    offline: false,         // true: nothing but the folder of wheels
    torch: '',              // 'cpu', 'cuda', 'default'; '': by the machine
    index: '',              // address of a package index; '': PyPI
    pythonMirror: '',       // address of a copy of python-build-standalone; '': GitHub
    proxy: '',              // http://host:port; '': as Java and the environment say
    folder: '',             // where it goes; '': hookpath in QuPath's user directory
)
if (binding.variables.get('qupath.script.batchIndex') ?: 0)
    return
println "Python in use from now on: ${Hookpath.setUpPython(settings)}"
