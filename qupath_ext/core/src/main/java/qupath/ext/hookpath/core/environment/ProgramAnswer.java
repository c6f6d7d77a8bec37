package qupath.ext.hookpath.core.environment;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import qupath.ext.hookpath.core.jobs.ChildProcess;

/**
 * What a program answered to a short question.
 *
 * @param exitCode -1: it could not be started, or did not answer in time
 * @param lines    of both outputs
 */
public record ProgramAnswer(int exitCode, List<String> lines) {

    private static final long PATIENCE_MS = 60_000;
    private static final Pattern PYTHON = Pattern.compile("Python (\\d+)\\.(\\d+).*");

    public static ProgramAnswer of(Path program, String... arguments) {
        List<String> command = Stream.concat(Stream.of(program.toString()), Stream.of(arguments))
                .toList();
        List<String> lines = Collections.synchronizedList(new ArrayList<>());
        try {
            ChildProcess process = ChildProcess.start(command, null, lines::add, lines::add);
            if (!process.waitFor(PATIENCE_MS)) {
                process.destroyTree();
                return new ProgramAnswer(-1,
                        List.of("no answer within " + PATIENCE_MS / 1000 + " s"));
            }
            return new ProgramAnswer(process.finish(), List.copyOf(lines));
        } catch (IOException e) {
            return new ProgramAnswer(-1, List.of(String.valueOf(e.getMessage())));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new ProgramAnswer(-1, List.of("interrupted"));
        }
    }

    boolean says(String text) {
        return lines.stream().anyMatch(line -> line.contains(text));
    }

    String lineStartingWith(String start) {
        return lines.stream().filter(line -> line.startsWith(start)).findFirst().orElse(null);
    }

    String lastLine() {
        return lines.reversed().stream().filter(line -> !line.isBlank()).findFirst()
                .orElse("exit code " + exitCode).strip();
    }

    /** Major and minor number that {@code python --version} answers with; null: no Python. */
    int[] pythonVersion() {
        if (exitCode != 0 || lines.isEmpty()) {
            return null;
        }
        Matcher found = PYTHON.matcher(lines.getFirst());
        return found.matches() ? new int[] {Integer.parseInt(found.group(1)),
            Integer.parseInt(found.group(2))} : null;
    }
}
