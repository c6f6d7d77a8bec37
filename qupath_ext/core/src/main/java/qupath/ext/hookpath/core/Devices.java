package qupath.ext.hookpath.core;

import java.util.List;
import qupath.ext.hookpath.core.environment.TorchBuild;

/** What a computer may have to compute on, by the names of {@code --device}. */
public final class Devices {

    /** The best that is there. */
    public static final String AUTO = "auto";

    private Devices() {
    }

    /** Those worth offering on this computer, {@link #AUTO} first. */
    public static List<String> here() {
        return of(System.getProperty("os.name"), System.getProperty("os.arch"),
                TorchBuild.nvidiaDriver());
    }

    /** Whether nobody of us has run it: Apple's GPU. */
    public static boolean untested(String device) {
        return device != null && device.startsWith("mps");
    }

    static List<String> of(String system, String processor, boolean nvidia) {
        if (system.startsWith("Mac")) {
            return processor.equals("aarch64") ? List.of(AUTO, "mps", "cpu") : List.of(AUTO, "cpu");
        }
        return nvidia ? List.of(AUTO, "cuda", "cpu") : List.of(AUTO, "cpu");
    }
}
