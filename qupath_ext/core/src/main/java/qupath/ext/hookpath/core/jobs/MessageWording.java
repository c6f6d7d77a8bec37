package qupath.ext.hookpath.core.jobs;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What Python says on a command line, in the words of a window: no options that nobody can type
 * there, and files by their names, since where they lie is seen in the project.
 */
public final class MessageWording {

    private static final Map<Pattern, String> WORDS = words();

    /** Not in the middle of a word or an address: {@code µm/px} and {@code https://…} stay. */
    private static final Pattern PATH = Pattern.compile(
            "(?<![\\p{L}\\p{N}_:/\\\\.)*])(?:[A-Za-z]:)?[/\\\\](?:[^\\s:;,'\"()/\\\\]+[/\\\\])*"
                    + "([^\\s:;,'\"()/\\\\]+)");

    private MessageWording() {
    }

    /** A message as a window shows it. */
    public static String inWindow(String message) {
        if (message == null) {
            return "";
        }
        String text = message;
        for (Map.Entry<Pattern, String> one : WORDS.entrySet()) {
            text = one.getKey().matcher(text).replaceAll(one.getValue());
        }
        return PATH.matcher(text).replaceAll("$1").strip();
    }

    private static Map<Pattern, String> words() {
        Map<String, String> found = new LinkedHashMap<>();
        // What QuPath has a place for.
        found.put(",? or pass --mpp\\b", "");
        found.put(" \\(or --mpp\\)", "");
        found.put("--mpp \\S+ only fills in what is missing \\(--override-mpp overrules\\)",
                "the image's own pixel size is used");
        found.put("; draw areas, or use --line-width", "; draw areas, or give a line width");
        found.put("; or name its class with --rest(?=\\))", "");
        found.put("(or )?use --device cpu\\b", "$1choose cpu as the device");
        found.put("\\(hookpath predict --tissue leaves it out\\)", "");
        found.put("--resume goes on (from|there)", "Train… can go on $1");
        found.put("(, )?(or )?(to )?go on (with it )?with --resume\\b",
                "$1$2$3go on with it in Train…");
        found.put("or --resume to go on with a run\\b", "or go on with it in Train…");
        found.put("with --resume\\b", "in Train…");
        found.put("\\(--debug shows where; please report it\\)",
                "(please report it, with what the log says)");
        found.put("--set ['\"]?([\\w.]+=[^\\s'\"]+)['\"]?", "the further setting $1");
        found.put("--set ['\"]", "the further setting '");
        found.put("\\bhookpath loop retrain\\b", "Retrain");
        found.put("\\bhookpath loop accept\\b", "Confirm");
        found.put("\\bhookpath loop propose\\b", "Propose");
        found.put("begin with loop start\\b", "press Start the loop");
        found.put("; hookpath info lists them\\b", "");
        found.put(",? or keep results elsewhere with --out(?=\\))", "");
        found.put(", or choose another (folder|file) with (-o|--out)\\b", "");
        found.put(" with (-o|--out)\\b", "");
        found.put("with --(whole|region)\\b", "by Confirm");
        found.put("with hookpath export --to zip\\b", "with Models… > Export");
        found.put("choose one with --run\\b", "remove one of them first (Remove results\u2026)");
        found.put("no GPU that torch can use: computing on the CPU",
                "no GPU was found: computing on the CPU");
        // Whatever else there is.
        found.put("--([a-z][a-z-]+)", "the option \"$1\"");
        Map<Pattern, String> compiled = new LinkedHashMap<>();
        found.forEach((pattern, words) -> compiled.put(Pattern.compile(pattern), words));
        return compiled;
    }
}
