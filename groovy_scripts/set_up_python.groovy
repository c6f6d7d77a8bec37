/*
 * Finds or builds the Python environment that does the computing, and says what is in it.
 *
 * Needs: the hookpath extension; Python 3.11 or later on the machine, or uv; the internet, or a
 * folder of wheels (from a connected machine: pip download hookpath -d FOLDER).
 * Does: an environment that works is kept. Else a new one is built beside QuPath's user directory
 * and takes the old one's place only when it works.
 *
 * In the script editor: change the settings, Run.
 * Without a window:
 *   QuPath script set_up_python.groovy --args wheels=/media/wheels --args offline=true
 */
import qupath.ext.hookpath.Hookpath

def settings = Hookpath.settings(args,
    python: '',             // use the environment of this Python, build nothing
    base: '',               // Python to build with; '': the first that is found
    wheels: '',             // folder of wheels to install from
    offline: false,         // true: nothing but the folder of wheels
    rebuild: false,         // true: build anew even if one works
)
if (binding.variables.get('qupath.script.batchIndex') ?: 0)
    return
println Hookpath.setUpPython(settings)
