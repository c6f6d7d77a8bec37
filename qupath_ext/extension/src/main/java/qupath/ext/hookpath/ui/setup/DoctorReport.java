package qupath.ext.hookpath.ui.setup;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import qupath.ext.hookpath.ErrorMessages;
import qupath.ext.hookpath.HookpathException;
import qupath.ext.hookpath.core.environment.PythonInterpreter;
import qupath.ext.hookpath.core.jobs.JobEvent;
import qupath.ext.hookpath.core.jobs.JobFolders;
import qupath.ext.hookpath.core.jobs.JobOutcome;
import qupath.ext.hookpath.core.jobs.JobProcess;
import qupath.ext.hookpath.core.jobs.JobRequest;

/** What {@code hookpath doctor} finds in a Python. */
final class DoctorReport {

    private DoctorReport() {}

    /**
     * One line of it.
     *
     * @param state {@code ok}, {@code absent} (can be done without) or {@code broken}
     */
    record Check(String name, String state, String found, String advice) {

        static Check of(JsonElement element) {
            JsonObject json = element.getAsJsonObject();
            return new Check(text(json, "name"), text(json, "state"), text(json, "found"),
                    text(json, "advice"));
        }

        private static String text(JsonObject json, String key) {
            return json.has(key) ? json.get(key).getAsString() : "";
        }
    }

    /**
     * Asks; takes some seconds.
     *
     * @throws HookpathException there was no answer
     */
    static List<Check> ask(PythonInterpreter python) throws InterruptedException {
        Path folder = null;
        try {
            folder = JobFolders.temporary("doctor");
            Path request = JobRequest.of("doctor").build().write(folder);
            JobOutcome outcome = JobProcess.start(python, request, event -> { }).await();
            List<Check> checks = new ArrayList<>();
            for (JobEvent.Result result : outcome.results()) {
                if (result.kind().equals("doctor")) {
                    result.data().getAsJsonArray("checks").forEach(e -> checks.add(Check.of(e)));
                }
            }
            if (checks.isEmpty()) {
                throw new HookpathException(outcome.message());
            }
            return checks;
        } catch (IOException e) {
            throw new HookpathException(ErrorMessages.oneLine(e), e);
        } finally {
            if (folder != null) {
                JobFolders.discard(folder);
            }
        }
    }
}
