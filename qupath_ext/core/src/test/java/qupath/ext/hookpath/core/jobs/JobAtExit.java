package qupath.ext.hookpath.core.jobs;

import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import qupath.ext.hookpath.core.environment.PythonInterpreter;

/** Starts a job and ends Java while it runs: Python, request file. */
final class JobAtExit {

    private JobAtExit() {
    }

    public static void main(String[] arguments) throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        JobProcess.start(new PythonInterpreter(Path.of(arguments[0])), Path.of(arguments[1]),
                event -> started.countDown());
        started.await();
        System.exit(0);
    }
}
