package qupath.ext.hookpath;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** One line for a person, whatever was thrown. */
class ProblemsTest {

    @Test
    void anErrorIsMoreThanItsName() {
        String line = Problems.oneLine(new CompletionException(
                new NoClassDefFoundError("groovy/json/JsonGenerator$Converter")));
        assertTrue(line.contains("NoClassDefFoundError groovy/json/JsonGenerator$Converter"), line);
        assertTrue(line.contains("broken"), line);
    }

    @Test
    void anErrorWithoutAMessageIsALineToo() {
        assertTrue(Problems.oneLine(new StackOverflowError()).contains("(StackOverflowError"));
    }

    @Test
    void messagesForPeopleStayAsTheyAre() {
        assertEquals("What is wrong; what to do.",
                Problems.oneLine(new HookpathException("What is wrong;\n  what to do.")));
    }

    @Test
    void whatIsThrownInTheBackgroundEndsThere() {
        Threads.guard(() -> {
            throw new NoClassDefFoundError("a/B");
        });
    }
}
