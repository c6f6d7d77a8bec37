package qupath.ext.hookpath.core.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class MessageWordingTest {

    private static void says(String message, String shown) {
        assertEquals(shown, MessageWording.inWindow(message));
    }

    @Test
    void optionsThatNobodyCanTypeInAWindowAreSaidOtherwise() {
        says("a.tif: µm/px is unknown; set the pixel size in QuPath or pass --mpp",
                "a.tif: µm/px is unknown; set the pixel size in QuPath");
        says("Tumor: 2 annotations, not used: lines have no area; draw areas, or use --line-width",
                "Tumor: 2 annotations, not used: lines have no area; draw areas, or give a line "
                        + "width");
        says("out of memory; free some memory or use --device cpu",
                "out of memory; free some memory or choose cpu as the device");
        says("the loss is no number; use --set amp=off",
                "the loss is no number; use the further setting amp=off");
        says("this needs --adapt-bn", "this needs the option \"adapt-bn\"");
        says("unexpected KeyError: 'a' (--debug shows where; please report it)",
                "unexpected KeyError: 'a' (please report it, with what the log says)");
    }

    @Test
    void filesGoByTheirNames() {
        says("/data/P 1/hookpath/models/hooknet: stopped; --resume goes on from step 8 of 139",
                "P 1/hookpath/models/hooknet: stopped; Train… can go on from step 8 of 139");
        says("/data/slides/a.svs: no readable slide", "a.svs: no readable slide");
        says("C:\\Users\\me\\a b.svs: is missing", "a b.svs: is missing");
        says("cannot read '/data/Präparat 1 (größer).tif'",
                "cannot read 'Präparat 1 (größer).tif'");
    }

    @Test
    void whatIsNoPathStays() {
        for (String plain : new String[] {"0.25 µm/px", "and/or", "3 / 4 done", "50 %",
                "see https://example.org/a/b", "classes end in *", "a - b", ""}) {
            says(plain, plain);
        }
        says(null, "");
    }
}
