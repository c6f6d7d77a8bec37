package qupath.ext.hookpath.core.environment;

/** Why a Python cannot be used; the message says in one line what to do. */
public class PythonProblem extends Exception {

    private static final long serialVersionUID = 1L;

    /** What is wrong. */
    public enum Kind {
        /** There is no such file. */
        MISSING,
        /** It is no Python, or one that is too old. */
        NOT_PYTHON,
        /** The package is not installed in it. */
        NO_PACKAGE,
        /** The package and the extension do not fit together. */
        WRONG_VERSION,
        /** The package is there but cannot be started. */
        BROKEN
    }

    private final Kind kind;

    /** A problem with a message for a person. */
    public PythonProblem(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    /** What is wrong. */
    public Kind kind() {
        return kind;
    }
}
