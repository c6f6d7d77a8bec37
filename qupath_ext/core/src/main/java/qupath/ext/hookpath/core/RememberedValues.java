package qupath.ext.hookpath.core;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One value for each of the places that were used lately, in one text (a line each, a tabulator
 * between place and value). Not for changing: {@link #with} makes another.
 *
 * @param values place → value, the one used last at the end
 */
public record RememberedValues(Map<String, String> values) {

    /** Java's preferences take no longer text. */
    static final int LONGEST = 8000;

    /** Reads {@link #text}; lines that are none are left out. */
    public static RememberedValues parse(String text) {
        Map<String, String> found = new LinkedHashMap<>();
        text.lines().forEach(line -> {
            int tab = line.indexOf('\t');
            if (tab >= 0) {
                found.put(line.substring(0, tab), line.substring(tab + 1));
            }
        });
        return new RememberedValues(found);
    }

    /** The value of a place; empty: none. */
    public String of(String place) {
        return values.getOrDefault(place, "");
    }

    /** With another value for a place, which is the one used last then. */
    public RememberedValues with(String place, String value) {
        Map<String, String> changed = new LinkedHashMap<>(values);
        changed.remove(place);
        boolean storable = (place + value).chars()
                .noneMatch(c -> c == '\n' || c == '\t' || c == '\r');
        if (storable && !value.isEmpty()) {
            changed.put(place, value);
        }
        return new RememberedValues(changed);
    }

    /** As it is kept: as many of the places used last as there is room for. */
    public String text() {
        List<String> lines = new ArrayList<>();
        values.forEach((place, value) -> lines.add(place + "\t" + value));
        int room = LONGEST;
        int first = lines.size();
        while (first > 0 && room >= lines.get(first - 1).length() + 1) {
            room -= lines.get(--first).length() + 1;
        }
        return String.join("\n", lines.subList(first, lines.size()));
    }
}
