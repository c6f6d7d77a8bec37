package qupath.ext.hookpath.core;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Writing a file so that a reader finds the old one or the new one, never a part. */
public final class AtomicTextFile {

    private AtomicTextFile() {
    }

    /** Writes UTF-8 text beside the file and moves it into place. */
    public static Path replace(Path file, String text) throws IOException {
        Path beside = beside(file);
        try {
            Files.writeString(beside, text);
            return moveInto(beside, file);
        } finally {
            Files.deleteIfExists(beside);
        }
    }

    /** The temporary name that a file has while it is written. */
    public static Path beside(Path file) {
        return file.resolveSibling(file.getFileName() + ".part");
    }

    /** Moves a finished file into place. */
    public static Path moveInto(Path finished, Path file) throws IOException {
        try {
            return Files.move(finished, file, StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            return Files.move(finished, file, StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
