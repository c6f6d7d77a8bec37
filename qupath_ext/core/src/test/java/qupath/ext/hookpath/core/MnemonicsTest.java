package qupath.ext.hookpath.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class MnemonicsTest {

    @Test
    void theFirstLetterOfAWordIsMarkedElseAnyAndNoneTwice() {
        assertEquals(List.of("_Run", "_Copy as script", "C_lose", "Refresh _now", "R_efresh",
                        "100 %"),
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

    @Test
    void aTextThatChangesKeepsItsLetterWhereItHasIt() {
        List<String> others = List.of("_All images", "C_lose");
        assertEquals("The _selected annotations (2)",
                Mnemonics.again("The selected annotations (2)", "_selected", others));
        assertEquals("The 2 ann_otations", Mnemonics.again("The 2 annotations", "Cho_ose", others));
        assertEquals("_The 2 slides", Mnemonics.again("The 2 slides", "Cho_ose", others));
        assertEquals("_Chosen", Mnemonics.again("Chosen", "", others));
        assertEquals("", Mnemonics.again("", "_selected", others));
        assertEquals("all", Mnemonics.again("all", null, others));
        assertEquals("Close", Mnemonics.without("C_lose"));
    }
}
