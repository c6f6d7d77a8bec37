package qupath.ext.hookpath.core.jobs;

/** What an exit code tells about a process that ended without saying why. */
final class ExitCodes {

    private static final int SIGNALLED = 128;
    private static final int WINDOWS_ACCESS_VIOLATION = 0xC0000005;

    private ExitCodes() {
    }

    static String text(int code) {
        return switch (code) {
            case SIGNALLED + 9 -> "killed: most likely the computer ran out of memory";
            case SIGNALLED + 15 -> "ended from outside";
            case SIGNALLED + 6, SIGNALLED + 11, SIGNALLED + 4, SIGNALLED + 7,
                 WINDOWS_ACCESS_VIOLATION -> "crashed, exit code " + code;
            default -> "exit code " + code;
        };
    }
}
