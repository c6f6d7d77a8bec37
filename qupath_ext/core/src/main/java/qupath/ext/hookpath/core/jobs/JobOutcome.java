package qupath.ext.hookpath.core.jobs;

import java.util.List;

/**
 * How a job ended.
 *
 * @param state        done, failed, stopped or died
 * @param message      one line for a person: why it failed, or what was stopped; empty when done
 * @param exitCode     the process's exit code
 * @param results      all results, in order
 * @param lastLogLines the end of what it wrote to its log, at most 20 lines
 * @param code         what a failed command says to programs about why, see docs/json-events.md
 *                     (e.g. {@code "out_of_memory"}); null when it did not fail or did not say
 * @param index        what it has for the images; a failed or stopped job may have something, too
 */
public record JobOutcome(State state, String message, int exitCode, List<JobEvent.Result> results,
                         List<String> lastLogLines, String code, ResultIndex index) {

    /** How a job can end. */
    public enum State {
        /** It did what it was asked to. */
        DONE,
        /** It said why it could not. */
        FAILED,
        /** It was asked to stop; what was finished stays. */
        STOPPED,
        /** It ended without a word: killed, out of memory, crashed. */
        DIED
    }
}
