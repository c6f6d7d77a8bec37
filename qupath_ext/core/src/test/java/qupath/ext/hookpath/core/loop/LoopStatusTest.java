package qupath.ext.hookpath.core.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import qupath.ext.hookpath.core.Plane;
import qupath.ext.hookpath.core.jobs.JobEvent;
import qupath.ext.hookpath.core.loop.LoopStatus.State;

class LoopStatusTest {

    private static final JsonObject DATA = JsonParser.parseString("""
            {"loop": "/p/hookpath/loop", "round": 1, "model": "/p/m", "rest": "S",
             "counts": {"todo": 1},
             "images": [
               {"id": "1", "name": "a", "state": "trained", "round": 1, "whole": false,
                "confirmed_mm2": 0.5, "labelled_mm2": {"T": 0.25, "S": 0.5}, "worth": null,
                "problem": null},
               {"id": "2", "name": "b", "state": "proposed", "round": 1, "worth": 0.2},
               {"id": "3", "name": "c", "state": "proposed", "round": 1, "worth": 0.9},
               {"id": "4", "name": "d", "state": "proposed", "problem": "missing", "worth": 1},
               {"id": "5", "name": "e", "state": "todo"}],
             "rounds": [{"round": 1, "f1": 0.8, "f1_by_class": {"T": 0.8, "S": null},
               "slides": {"train": 2, "val": 1, "test": 0},
               "corrections": {"dice": {"T": 0.9}, "saved": null}, "images": [{}]}]}
            """).getAsJsonObject();

    private final LoopStatus status = LoopStatus.of(DATA);

    @Test
    void readsImagesAndRounds() {
        LoopStatus.Image first = status.images().getFirst();
        assertEquals(State.TRAINED, first.state());
        assertEquals("S", status.rest());
        assertEquals(0.75, first.labelledMm2());
        assertTrue(Double.isNaN(first.worth()));
        assertEquals(3, status.count(State.PROPOSED));
        LoopStatus.Round round = status.rounds().getFirst();
        assertEquals(0.8, round.f1());
        assertTrue(Double.isNaN(round.f1ByClass().get("S")));
        assertEquals(Map.of("T", 0.9), round.dice());
        assertEquals(1, round.corrected());
        assertTrue(Double.isNaN(round.saved()));
    }

    @Test
    void aPlaneOfAStackIsAnImageOfItsOwn() {
        LoopStatus planes = LoopStatus.of(JsonParser.parseString("""
                {"images": [{"id": "1@z0t0", "name": "a (z 0, t 0)", "state": "todo"},
                            {"id": "1@z12t3", "name": "a (z 12, t 3)", "state": "proposed"},
                            {"id": "2", "name": "b", "state": "todo"}]}
                """).getAsJsonObject());
        Plane second = new Plane(12, 3);
        assertEquals("1@z12t3", planes.shown("1", second).id());
        assertEquals("2", planes.shown("2", second).id());
        assertNull(planes.shown("1", new Plane(1, 0)));
        assertNull(planes.shown(null, second));
        assertEquals(second, Plane.ofId("1@z12t3"));
        assertEquals("1", Plane.imageOf("1@z12t3"));
        assertNull(Plane.ofId("2"));
        assertEquals("2", Plane.imageOf("2"));
    }

    @Test
    void theMostWorthwhileComesNextTheOpenOneLast() {
        assertEquals("3", status.next(null).id());
        assertEquals("2", status.next("3").id());
        assertNull(LoopStatus.of(new JsonObject()).next(null));
    }

    @Test
    void theOpenImageIsNoNextOne() {
        assertTrue(status.hasNext(null));
        assertTrue(status.hasNext("3"));
        LoopStatus single = new LoopStatus(1, null, List.of(status.image("2")), List.of(), null);
        assertTrue(single.hasNext("9"));
        assertFalse(single.hasNext("2"));
        assertNull(single.image("3"));
        assertNull(single.image(null));
    }

    @Test
    void namesWhatAStepLists() {
        JsonObject ranked = JsonParser.parseString(
                "{\"ranked\": [{\"id\": \"2\", \"name\": \"b\"},"
                        + " {\"id\": \"1\", \"name\": \"a\"}]}")
                .getAsJsonObject();
        List<JobEvent.Result> results =
                List.of(new JobEvent.Result("loop", DATA), new JobEvent.Result("next", ranked));
        assertEquals(List.of("b", "a"), LoopStatus.names(results, "next", "ranked"));
        assertEquals(List.of(), LoopStatus.names(results, "merged", "conflicts"));
    }

    @Test
    void aRoundNeedsSomethingNew() {
        assertFalse(status.canRetrain());
    }

    @Test
    void theLastStatusOfAJobCounts() {
        assertNull(LoopStatus.in(List.of(new JobEvent.Result("round", DATA))));
        LoopStatus last = LoopStatus.in(List.of(new JobEvent.Result("loop", new JsonObject()),
                new JobEvent.Result("loop", DATA), new JobEvent.Result("round", new JsonObject())));
        assertEquals(1, last.round());
    }

    @Test
    void statesAreReadAsTheMetadataHasThem() {
        assertEquals(State.TODO, State.of("todo"));
        assertNull(State.of(null));
        assertNull(State.of("other"));
    }

    @Test
    void whatALoopRemembersOfAnImageIsRead(@TempDir Path loop) throws IOException {
        assertNull(LoopProposals.of(loop, "1"));
        // SHA-256 of "1" begins with 6b86b2.
        Path record = loop.resolve("images/1-6b86b2.json");
        Files.createDirectories(record.getParent());
        Files.writeString(record, """
                {"id": "1", "drawn_ids": ["a"], "proposed_in": [2]}""");
        Path proposals = Files.createDirectories(loop.resolve("rounds/02/proposals"));
        Files.writeString(proposals.resolve("1-6b86b2.1.geojson"), "[]");
        Files.writeString(proposals.resolve("11-4fc82b.1.geojson"), "[]");
        LoopProposals found = LoopProposals.of(loop, "1");
        assertEquals(Set.of("a"), found.drawnIds());
        assertEquals(List.of(proposals.resolve("1-6b86b2.1.geojson")), found.proposals());
        Plane count = new Plane(5, 2);  // it opens with z 2, t 0
        assertEquals(found, LoopProposals.of(loop, "1", new Plane(2, 0), count));
        assertNull(LoopProposals.of(loop, "1", new Plane(0, 0), count));
        Files.writeString(loop.resolve("images/1_z0t0-552e6d.json"), """
                {"id": "1@z0t0", "drawn_ids": ["b"], "proposed_in": [2]}""");
        assertEquals(Set.of("b"),
                LoopProposals.of(loop, "1", new Plane(0, 0), count).drawnIds());
        Files.writeString(record, "{");
        assertThrows(IOException.class, () -> LoopProposals.of(loop, "1"));
    }
}
