package qupath.ext.hookpath.core.jobs;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** The line of Groovy that repeats what a person did: for "Copy as script" and the history. */
public final class GroovyCall {

    private static final String TARGET = "qupath.ext.hookpath.Hookpath.";

    private GroovyCall() {
    }

    /**
     * A call with named arguments.
     *
     * @param method    static method of the scripting API
     * @param arguments name → text, number, flag, path, collection of these; null is left out
     */
    public static String named(String method, Map<String, ?> arguments) {
        List<String> parts = new ArrayList<>();
        arguments.forEach((name, value) -> {
            if (value != null) {
                parts.add(name + ": " + literal(value));
            }
        });
        return TARGET + method + "(" + String.join(", ", parts) + ")";
    }

    /** A call with arguments in order. */
    public static String plain(String method, Object... arguments) {
        List<String> parts = new ArrayList<>();
        for (Object argument : arguments) {
            parts.add(literal(argument));
        }
        return TARGET + method + "(" + String.join(", ", parts) + ")";
    }

    private static String literal(Object value) {
        if (value instanceof Collection<?> values) {
            return "[" + String.join(", ", values.stream().map(GroovyCall::literal).toList()) + "]";
        }
        if (value instanceof Double number && number == Math.rint(number)
                && Math.abs(number) < 1e15) {
            return Long.toString(number.longValue());
        }
        return value instanceof Number || value instanceof Boolean ? value.toString()
                : quoted(value.toString());
    }

    /** Single quotes: Groovy puts nothing into them. */
    private static String quoted(String text) {
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
                .replace("\r", "\\r") + "'";
    }
}
