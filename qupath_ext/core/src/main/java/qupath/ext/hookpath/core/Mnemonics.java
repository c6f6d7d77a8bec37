package qupath.ext.hookpath.core;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** Letters by which the controls of one window are told apart, marked by {@code _} before them. */
public final class Mnemonics {

    private static final char MARK = '_';

    private Mnemonics() {}

    /**
     * Marks a letter in each text: the first of a word where that is free, else any; none twice.
     *
     * @param texts in the order in which they choose
     * @return the same texts with a mark; without one where no letter is left, or where an
     *     underscore is part of the text
     */
    public static List<String> of(List<String> texts) {
        Set<Character> taken = letters(texts);
        List<String> marked = new ArrayList<>();
        for (String text : texts) {
            int at = text.indexOf(MARK) >= 0 ? -1 : find(text, letter -> !taken.contains(letter));
            if (at >= 0) {
                taken.add(letter(text, at));
            }
            marked.add(marked(text, at));
        }
        return marked;
    }

    /**
     * Marks a text that takes the place of another one: by the same letter if it has it.
     *
     * @param text a new text, without a mark
     * @param before the text in whose place it comes, marked or not
     * @param others marked texts of the other controls
     * @return the text with a mark; without one where no letter is left
     */
    public static String again(String text, String before, List<String> others) {
        Set<Character> taken = letters(others);
        int mark = before == null ? -1 : before.indexOf(MARK);
        char kept = mark < 0 ? MARK : letter(before, mark + 1);
        int same = find(text, letter -> letter == kept);
        return marked(text, same >= 0 ? same : find(text, letter -> !taken.contains(letter)));
    }

    /** A text without its mark. */
    public static String without(String text) {
        int at = text.indexOf(MARK);
        return at < 0 ? text : text.substring(0, at) + text.substring(at + 1);
    }

    private static String marked(String text, int at) {
        return at < 0 ? text : text.substring(0, at) + MARK + text.substring(at);
    }

    /** The letters that are marked in some texts. */
    private static Set<Character> letters(List<String> texts) {
        Set<Character> found = new HashSet<>();
        texts.stream().filter(text -> text.indexOf(MARK) >= 0)
                .forEach(text -> found.add(letter(text, text.indexOf(MARK) + 1)));
        return found;
    }

    /** Where such a letter is, best at the beginning of a word; -1: nowhere. */
    private static int find(String text, Predicate<Character> such) {
        int any = -1;
        for (int i = 0; i < text.length(); i++) {
            char letter = letter(text, i);
            if (letter < 'a' || letter > 'z' || !such.test(letter)) {
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
