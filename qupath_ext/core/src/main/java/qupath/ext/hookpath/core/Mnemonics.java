package qupath.ext.hookpath.core;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Letters by which the controls of one window are told apart, marked by {@code _} before them. */
public final class Mnemonics {

    private static final char MARK = '_';

    private Mnemonics() {}

    /**
     * Marks a letter in each text: the first of a word where that is free, else any; none twice.
     *
     * @param texts in the order in which they choose
     * @return the same texts with a mark; without one where no letter is left, or where an underscore
     *     is part of the text
     */
    public static List<String> of(List<String> texts) {
        Set<Character> taken = new HashSet<>();
        List<String> marked = new ArrayList<>();
        texts.stream().filter(text -> text.indexOf(MARK) >= 0)
                .forEach(text -> taken.add(letter(text, text.indexOf(MARK) + 1)));
        for (String text : texts) {
            int at = text.indexOf(MARK) >= 0 ? -1 : free(text, taken);
            if (at >= 0) {
                taken.add(letter(text, at));
            }
            marked.add(at < 0 ? text : text.substring(0, at) + MARK + text.substring(at));
        }
        return marked;
    }

    private static int free(String text, Set<Character> taken) {
        int any = -1;
        for (int i = 0; i < text.length(); i++) {
            char letter = letter(text, i);
            if (letter < 'a' || letter > 'z' || taken.contains(letter)) {
                continue;
            }
            if (i == 0 || !Character.isLetterOrDigit(text.charAt(i - 1))) {
                return i;
            }
            any = any < 0 ? i : any;
        }
        return any;
    }

    private static char letter(String text, int at) {
        return at < text.length() ? Character.toLowerCase(text.charAt(at)) : MARK;
    }
}
