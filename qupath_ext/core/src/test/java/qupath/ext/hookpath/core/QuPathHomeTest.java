package qupath.ext.hookpath.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class QuPathHomeTest {

    @Test
    void oneFolderOnEverySystem() {
        assertEquals(Path.of("/opt/QuPath"), QuPathHome.of(Path.of("/opt/QuPath/lib/app/q.jar")));
        assertEquals(Path.of("/Applications/QuPath.app"),
                QuPathHome.of(Path.of("/Applications/QuPath.app/Contents/app/q.jar")));
        assertEquals(Path.of("/Programs/QuPath"),
                QuPathHome.of(Path.of("/Programs/QuPath/app/q.jar")));
    }

    @Test
    void builtFromItsSourceItIsNone() {
        assertNull(QuPathHome.of(Path.of("/src/qupath-core/build/libs/q.jar")));
        assertNull(QuPathHome.of(Path.of("/q.jar")));
        assertNull(QuPathHome.find());
    }
}
