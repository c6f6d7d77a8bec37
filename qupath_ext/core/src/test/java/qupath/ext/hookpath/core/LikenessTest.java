package qupath.ext.hookpath.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import org.junit.jupiter.api.Test;

class LikenessTest {

    private static JsonObject slide(String ood) {
        return JsonParser.parseString("{\"image\": \"a\", \"ood\": " + ood + "}").getAsJsonObject();
    }

    @Test
    void aScoreAboveItsLimitIsUnlike() {
        Likeness found = Likeness.of(slide("{\"score\": 3.149, \"limit\": 1.8, \"patches\": 32}"));
        assertTrue(found.isUnlike());
        assertFalse(new Likeness(1.8, 1.8).isUnlike());
        assertEquals("3.15", Likeness.metadata(found).get(Likeness.SCORE_KEY));
        assertEquals("1.80", Likeness.metadata(found).get(Likeness.LIMIT_KEY));
    }

    @Test
    void ofModelsThatKnowNothingOfTheirImagesNothingIsKept() {
        assertNull(Likeness.of(slide("null")));
        assertNull(Likeness.of(new JsonObject()));
        assertTrue(Likeness.metadata(null).containsKey(Likeness.SCORE_KEY));
        assertNull(Likeness.metadata(null).get(Likeness.SCORE_KEY));
    }
}
