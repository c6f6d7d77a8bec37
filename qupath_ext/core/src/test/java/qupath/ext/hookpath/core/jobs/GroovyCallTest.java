package qupath.ext.hookpath.core.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GroovyCallTest {

    @Test
    void namedArgumentsKeepTheirOrderAndKinds() {
        Map<String, Object> arguments = new LinkedHashMap<>();
        arguments.put("model", Path.of("m"));
        arguments.put("minArea", 100.0);
        arguments.put("simplify", 0.25);
        arguments.put("selected", true);
        arguments.put("device", null);
        arguments.put("images", List.of("a.svs", "b.svs"));
        assertEquals("qupath.ext.hookpath.Hookpath.predict(model: 'm', minArea: 100, "
                + "simplify: 0.25, selected: true, images: ['a.svs', 'b.svs'])",
                GroovyCall.named("predict", arguments));
    }

    @Test
    void quotesBackslashesAndDollarsStayText() {
        assertEquals("qupath.ext.hookpath.Hookpath.importPredictions('C:\\\\a\\'b $x\\n')",
                GroovyCall.plain("importPredictions", "C:\\a'b $x\n"));
    }

    @Test
    void aCallWithoutArguments() {
        assertEquals("qupath.ext.hookpath.Hookpath.removeResults()",
                GroovyCall.plain("removeResults"));
    }
}
