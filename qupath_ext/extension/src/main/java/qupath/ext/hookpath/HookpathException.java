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
     * Makes one with its cause, which goes to the log.
     *
     * @param message one line for a person
     * @param cause what led to it
     */
    public HookpathException(String message, Throwable cause) {
        super(message, cause);
    }
}
