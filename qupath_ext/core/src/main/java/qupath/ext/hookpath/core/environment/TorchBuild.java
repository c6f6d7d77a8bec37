package qupath.ext.hookpath.core.environment;

import java.nio.file.Files;
import java.nio.file.Path;

/** Which build of torch an environment gets. */
public enum TorchBuild {

    /** What the package index has: with CUDA on Linux, with Metal on a Mac, CPU on Windows. */
    DEFAULT,

    /** Without a GPU: much smaller on Linux. */
    CPU,

    /** For an NVIDIA GPU, on Windows, too. */
    CUDA;

    /** What suits this computer: CUDA where there is NVIDIA's driver, the default on a Mac. */
    public static TorchBuild suggested() {
        if (onMac()) {
            return DEFAULT;
        }
        return nvidiaDriver() ? CUDA : CPU;
    }

    static boolean onMac() {
        return System.getProperty("os.name").startsWith("Mac");
    }

    public static boolean nvidiaDriver() {
        return ProgramSearch.here().program("nvidia-smi") != null
                || Files.exists(Path.of("/proc/driver/nvidia/version"));
    }
}
