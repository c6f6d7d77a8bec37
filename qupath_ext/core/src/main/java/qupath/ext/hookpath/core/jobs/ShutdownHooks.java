package qupath.ext.hookpath.core.jobs;

/** Threads that run when Java ends; adding or removing one while it ends is no error. */
final class ShutdownHooks {

    private ShutdownHooks() {
    }

    static void add(Thread hook) {
        try {
            Runtime.getRuntime().addShutdownHook(hook);
        } catch (IllegalStateException e) {
            hook.run();     // ending already
        }
    }

    static void remove(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // ending: it runs, or has run
        }
    }
}
