package qupath.ext.hookpath;

/** Something failed; the message is one line for a person: what is wrong and what to do. */
public class HookpathException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * Makes one.
     *
     * @param message one line for a person
     */
    public HookpathException(String message) {
        super(message);
    }

    /**
     * Makes one with what led to it, as a suppressed exception: of a script's failure QuPath shows
     * the message of the innermost cause, and that would not be this one.
     *
     * @param message one line for a person
     * @param cause what led to it
     */
    public HookpathException(String message, Throwable cause) {
        super(message);
        addSuppressed(cause);
    }
}
