package qupath.ext.hookpath;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** One line for a person, whatever was thrown. */
class ErrorMessagesTest {

    @Test
    void anErrorIsMoreThanItsName() {
        String line = ErrorMessages.oneLine(new CompletionException(
                new NoClassDefFoundError("groovy/json/JsonGenerator$Converter")));
        assertTrue(line.contains("NoClassDefFoundError groovy/json/JsonGenerator$Converter"), line);
        assertTrue(line.contains("broken"), line);
    }

    @Test
    void anErrorWithoutAMessageIsALineToo() {
        assertTrue(ErrorMessages.oneLine(new StackOverflowError()).contains("(StackOverflowError"));
    }

    @Test
    void messagesForPeopleStayAsTheyAre() {
        assertEquals("What is wrong; what to do.",
                ErrorMessages.oneLine(new HookpathException("What is wrong;\n  what to do.")));
    }

    @Test
    void whatIsThrownInTheBackgroundEndsThere() {
        BackgroundThreads.guard(() -> {
            throw new NoClassDefFoundError("a/B");
        });
    }
}
