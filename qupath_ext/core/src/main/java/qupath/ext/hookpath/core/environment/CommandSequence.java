package qupath.ext.hookpath.core.environment;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import qupath.ext.hookpath.core.environment.SetupProgress.Step;
import qupath.ext.hookpath.core.jobs.ChildProcess;

/** Runs one command after the other, tells what they say, and can be cancelled in between. */
final class CommandSequence {

    private static final long POLL_MS = 200;
    private static final int LONGEST_REASON = 300;
    private static final Pattern FETCHING =
            Pattern.compile("\\s*(?:Downloading|Building) (\\S+)(?: .*)?");

    private final SetupListener listener;
    private final BooleanSupplier cancelled;
    private final Map<String, String> variables = new HashMap<>(OwnEnvironment.others());
    private volatile Step current = Step.INSTALLER;
    private String lastLine = "";
    private final StringBuilder error = new StringBuilder();     // from its first line on

    CommandSequence(SetupListener listener, BooleanSupplier cancelled) {
        this.listener = listener;
        this.cancelled = cancelled;
    }

    /** Sets environment variables of the commands to come. */
    void variables(Map<String, String> more) {
        variables.putAll(more);
    }

    /** Tells the listener that a step begins. */
    void begin(Step step) {
        stopIfCancelled();
        current = step;
        progress(SetupProgress.of(step, ""));
    }

    /** Tells the listener how far it is. */
    void progress(SetupProgress progress) {
        listener.progress(progress);
    }

    /**
     * Runs a command to its end.
     *
     * @param failure what its failure means; the message begins with it
     * @throws IOException when it cannot be started or fails
     * @throws CancellationException when cancelled; the command and its children are ended
     */
    void run(String failure, List<String> command) throws IOException, InterruptedException {
        stopIfCancelled();
        lastLine = "";
        error.setLength(0);
        hear("> " + String.join(" ", command));
        ChildProcess process = ChildProcess.start(command, null, variables,
                this::hear, this::hear);
        try {
            while (!process.waitFor(POLL_MS)) {
                stopIfCancelled();
            }
        } catch (CancellationException | InterruptedException e) {
            process.destroyTree();
            process.finish();
            throw e;
        }
        int code = process.finish();
        if (code != 0) {
            throw new IOException(failure + ": " + reason(code));
        }
    }

    /** Tells the listener a line of our own. */
    void say(String line) {
        listener.line(line);
    }

    void stopIfCancelled() {
        if (cancelled.getAsBoolean()) {
            throw new CancellationException("cancelled");
        }
    }

    private synchronized void hear(String line) {
        String said = line.strip();
        if (!said.isEmpty()) {
            lastLine = said;
            boolean begins = said.regionMatches(true, 0, "error", 0, 5) || said.startsWith("×");
            if (begins || !error.isEmpty()) {
                error.append(error.isEmpty() ? "" : " ").append(said);
            }
        }
        Matcher fetching = FETCHING.matcher(line);
        if (fetching.matches()) {
            progress(SetupProgress.of(current, fetching.group(1)));
        }
        listener.line(line);
    }

    private synchronized String reason(int code) {
        String said = error.isEmpty() ? lastLine : error.toString();
        String text = said.isEmpty() ? "exit code " + code
                : said.replaceFirst("(?i)^error: |^× ", "");
        return text.length() <= LONGEST_REASON ? text : text.substring(0, LONGEST_REASON) + " …";
    }
}
