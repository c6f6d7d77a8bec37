package qupath.ext.hookpath.core.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import org.junit.jupiter.api.Test;

class OutOfDistributionTest {

    private static JsonObject slide(String ood) {
        return JsonParser.parseString("{\"image\": \"a\", \"ood\": " + ood + "}").getAsJsonObject();
    }

    @Test
    void aScoreAboveItsLimitIsUnlike() {
        OutOfDistribution found =
                OutOfDistribution.of(slide("{\"score\": 3.149, \"limit\": 1.8, \"patches\": 32}"));
        assertTrue(found.isUnlike());
        assertFalse(new OutOfDistribution(1.8, 1.8).isUnlike());
        assertEquals("3.15", OutOfDistribution.metadata(found).get(OutOfDistribution.SCORE_KEY));
        assertEquals("1.80", OutOfDistribution.metadata(found).get(OutOfDistribution.LIMIT_KEY));
    }

    @Test
    void ofModelsThatKnowNothingOfTheirImagesNothingIsKept() {
        assertNull(OutOfDistribution.of(slide("null")));
        assertNull(OutOfDistribution.of(new JsonObject()));
        assertTrue(OutOfDistribution.metadata(null).containsKey(OutOfDistribution.SCORE_KEY));
        assertNull(OutOfDistribution.metadata(null).get(OutOfDistribution.SCORE_KEY));
    }
}
