package qupath.ext.hookpath.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class MnemonicsTest {

    @Test
    void theFirstLetterOfAWordIsMarkedElseAnyAndNoneTwice() {
        assertEquals(List.of("_Run", "_Copy as script", "C_lose", "Refresh _now", "R_efresh", "100 %"),
                Mnemonics.of(List.of("Run", "Copy as script", "Close", "Refresh now", "Refresh",
                        "100 %")));
    }

    @Test
    void whatIsMarkedAlreadyKeepsItsLetter() {
        assertEquals(List.of("R_emove", "_Run"), Mnemonics.of(List.of("Remove", "_Run")));
    }

    @Test
    void whereNoLetterIsLeftThereIsNone() {
        assertEquals(List.of("_a", "a", ""), Mnemonics.of(List.of("a", "a", "")));
    }
}
