package qupath.ext.hookpath.preview;

import java.io.IOException;

/** The worker cannot do what it was asked; the message is one line for a person. */
public class PreviewException extends IOException {

    private static final long serialVersionUID = 1L;

    /** With a message for a person. */
    public PreviewException(String message) {
        super(message);
    }

    /** With its cause, which goes to the log. */
    public PreviewException(String message, Throwable cause) {
        super(message, cause);
    }
}
