package qupath.ext.hookpath.preview;

import java.util.List;
import qupath.ext.hookpath.core.jobs.RequestClass;

/** A colour for every class, also for one that has none. */
final class DistinctClassColors {

    // Told apart also with red-green blindness: Okabe and Ito's palette, without black.
    private static final List<Integer> OTHERS = List.of(
            0xE69F00, 0x56B4E9, 0x009E73, 0xF0E442, 0x0072B2, 0xD55E00, 0xCC79A7);

    private DistinctClassColors() {}

    /** 0xRRGGBB of the class at that place in the list. */
    static int packed(RequestClass part, int index) {
        int[] rgb = part.rgb();
        return rgb == null || rgb.length < 3 ? OTHERS.get(index % OTHERS.size())
                : rgb[0] << 16 | rgb[1] << 8 | rgb[2];
    }
}
