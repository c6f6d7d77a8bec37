package qupath.ext.hookpath.core.environment;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import qupath.ext.hookpath.core.environment.PythonProblem.Kind;
import qupath.ext.hookpath.core.environment.SetupProgress.Step;

/**
 * What an environment is built with, uv and Python: found on this computer, in the folder that was
 * given, or fetched.
 *
 * @param recipe how to build
 * @param web    the net; not used offline
 */
record BuildTools(EnvironmentRecipe recipe, HttpRequests web) {

    /** uv's file; null: there is none, and none can be had. */
    Path uv(CommandSequence steps) throws IOException, InterruptedException {
        if (recipe.uvSaid()) {
            return recipe.uv();
        }
        UvProgram program = UvProgram.here();
        Path onPath = ProgramSearch.here().program("uv");
        if (program == null) {
            return onPath;
        }
        Path ready = program.in(recipe.setup());
        if (Files.isExecutable(ready)) {
            return ready;
        }
        Path wheel = program.wheelIn(recipe.wheels());
        if (wheel == null && recipe.offline()) {
            return onPath;
        }
        if (wheel == null) {
            steps.say("Fetching uv " + program.version() + ", which installs Python and packages");
            try {
                wheel = program.fetch(web, index(), recipe.packages(), steps);
            } catch (IOException e) {
                steps.say(e.getMessage() + "; going on with what is here");
                return onPath;
            }
        }
        Path unpacked = program.unpack(wheel, recipe.setup());
        if (recipe.wheels() == null) {
            Files.delete(wheel);
        }
        return unpacked;
    }

    /** Fails within seconds where the package index is out of reach. */
    void reachIndex(CommandSequence steps) throws IOException, InterruptedException {
        boolean configured = EnvironmentRecipe.uvIsConfigured(System.getenv(),
                Path.of(System.getProperty("user.home")));
        if (!recipe.askFirst() || recipe.offline() || configured) {
            return;
        }
        String problem = web.outOfReach(URI.create(index() + "/uv/"));
        if (problem != null) {
            throw new IOException(problem + ". Behind a proxy, say which one under \"Network\"; "
                    + "without internet, choose a folder of wheels");
        }
        steps.say(index().getHost() + " is in reach");
    }

    private URI index() throws IOException {
        String wrong = recipe.sources().noAddress(System.getenv());
        if (wrong != null) {
            throw new IOException("\"" + wrong + "\" is no address; it begins with https:// or "
                    + "http://");
        }
        return URI.create(recipe.sources().indexInUse(System.getenv()));
    }

    /**
     * The Python to build from.
     *
     * @throws PythonProblem there is none, and none can be fetched
     */
    Path python(Path uv, Path scratch, CommandSequence steps)
            throws IOException, PythonProblem, InterruptedException {
        steps.begin(Step.PYTHON);
        Path found = suitable();
        if (found != null) {
            steps.say("Building from " + found);
            return found;
        }
        if (uv == null || recipe.basePython() != null) {
            throw new PythonProblem(Kind.MISSING, recipe.basePython() != null
                    ? recipe.basePython() + " is no Python " + wanted() + "; choose another"
                    : "No Python " + wanted() + " was found; install one from python.org, then try"
                            + " again");
        }
        return managed(new ManagedPython(uv, recipe.pythons()), scratch, steps);
    }

    private Path managed(ManagedPython managed, Path scratch, CommandSequence steps)
            throws IOException, PythonProblem, InterruptedException {
        Path archive = ManagedPython.archiveIn(recipe.wheels());
        if (managed.present() == null) {
            if (archive == null && recipe.offline()) {
                throw new PythonProblem(Kind.MISSING, "No Python " + wanted() + " was found, and "
                        + "none is in the folder of wheels; put a file "
                        + "cpython-3…-install_only.tar.gz of python-build-standalone for this"
                        + " computer there");
            }
            try {
                steps.run("Python could not be fetched", archive != null
                        ? managed.fromFile(archive, scratch) : managed.fromNet());
            } catch (IOException e) {
                if (archive != null) {
                    throw e;
                }
                steps.say(e.getMessage());
                throw new IOException("Python could not be fetched, see below. Install Python "
                        + wanted() + " from python.org; or say under \"Network\" where a copy of "
                        + "python-build-standalone is; or put one of its files into the folder of "
                        + "wheels", e);
            }
        }
        Path python = managed.present();
        if (python == null) {
            throw new IOException("Python was fetched, but it is not in " + managed.folder());
        }
        return python;
    }

    private Path suitable() {
        List<Path> tried = recipe.basePython() != null ? List.of(recipe.basePython())
                : ProgramSearch.here().basePythons();
        for (Path candidate : tried) {
            int[] language = new PythonInterpreter(candidate).language();
            boolean known = recipe.basePython() != null
                    || language != null && language[1] <= PythonInterpreter.NEWEST_MINOR;
            if (language != null && language[0] == 3
                    && language[1] >= PythonInterpreter.OLDEST_MINOR
                    && known) {
                return candidate;
            }
        }
        return null;
    }

    private static String wanted() {
        return "3." + PythonInterpreter.OLDEST_MINOR + " or later";
    }
}
