package qupath.ext.hookpath.core.environment;

/** Hears how the setting up of a Python goes, on several threads. */
@FunctionalInterface
public interface SetupListener {

    /** A line of the log. */
    void line(String text);

    /** How far it is; a few times a second. */
    default void progress(SetupProgress progress) {
    }
}
