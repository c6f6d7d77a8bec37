package qupath.ext.hookpath;

import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import qupath.ext.hookpath.core.environment.PythonProblem;
import qupath.ext.hookpath.core.jobs.JobOutcome;

/** What went wrong, in words for a person: one line of what is wrong and what to do. */
public final class ErrorMessages {

    private ErrorMessages() {}

    /**
     * One line for an exception.
     *
     * @param problem anything that was thrown
     * @return its message if it was made for a person, else what it is
     */
    public static String oneLine(Throwable problem) {
        Throwable cause = problem;
        while (isWrapper(cause) && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof OutOfMemoryError) {
            return UiTexts.get("error.javaMemory");
        }
        if (cause instanceof Error) {   // its message is a name, or nothing at all
            return UiTexts.get("error.java", cause.getClass().getSimpleName(),
                    Objects.toString(cause.getLocalizedMessage(), "")).strip();
        }
        String message = cause.getLocalizedMessage();
        if (message == null || message.isBlank()) {
            return cause.getClass().getSimpleName();
        }
        return String.join(" ", message.strip().split("\\s+"));
    }

    private static boolean isWrapper(Throwable problem) {
        return problem instanceof CompletionException || problem instanceof ExecutionException
                || problem instanceof UncheckedIOException;
    }

    /**
     * Whether a Python that cannot be used is what is wrong.
     *
     * @param problem anything that was thrown
     */
    public static boolean isOfPython(Throwable problem) {
        if (problem == null || problem instanceof PythonProblem) {
            return problem != null;
        }
        for (Throwable noted : problem.getSuppressed()) { // see HookpathException
            if (isOfPython(noted)) {
                return true;
            }
        }
        return isOfPython(problem.getCause());
    }

    /**
     * The exception for a Python that cannot be used.
     *
     * @param problem what is wrong with it
     */
    public static HookpathException of(PythonProblem problem) {
        return new HookpathException(problem.getMessage(), problem);
    }

    /**
     * The exception for a job that did not end well.
     *
     * @param outcome how it ended
     * @return null if it did what it was asked to
     */
    public static HookpathException of(JobOutcome outcome) {
        return switch (outcome.state()) {
            case DONE -> null;
            case FAILED -> new HookpathException(outcome.message());
            case STOPPED -> new HookpathException(
                    outcome.message().isBlank() ? UiTexts.get("job.stopped") : outcome.message());
            case DIED -> new HookpathException(died(outcome));
        };
    }

    private static String died(JobOutcome outcome) {
        String last = outcome.lastLogLines().isEmpty() ? ""
                : outcome.lastLogLines().get(outcome.lastLogLines().size() - 1).strip();
        String message = outcome.message().isBlank()
                ? UiTexts.get("job.died", outcome.exitCode()) : outcome.message();
        return last.isEmpty() || message.contains(last) ? message
                : message + " " + UiTexts.get("job.lastLine", last);
    }
}
