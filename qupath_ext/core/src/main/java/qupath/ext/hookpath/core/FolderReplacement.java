package qupath.ext.hookpath.core;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;

/** Whole folders: deleting one, and putting a new one in the place of an old one. */
public final class FolderReplacement {

    private FolderReplacement() {
    }

    /** Deletes a folder and all in it; links are not followed; none is no error. */
    public static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                    throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path dir, IOException error)
                    throws IOException {
                if (error != null) {
                    throw error;
                }
                Files.delete(dir);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /** Where the old folder waits while the new one takes its place. */
    public static Path old(Path folder) {
        return folder.resolveSibling(folder.getFileName() + ".old");
    }

    /** Puts right what a swap that was cut short left: the old folder comes back. */
    public static void recover(Path folder) throws IOException {
        Path old = old(folder);
        if (Files.exists(old) && !Files.exists(folder)) {
            Files.move(old, folder);
        }
        delete(old);
    }

    /**
     * Puts a finished folder in the place of another, which goes.
     *
     * @throws IOException when the old one is in use; it is in its place again then
     */
    public static void swap(Path finished, Path folder) throws IOException {
        Path old = old(folder);
        boolean replaces = Files.exists(folder);
        if (replaces) {
            Files.move(folder, old);
        }
        try {
            Files.move(finished, folder);
        } catch (IOException e) {
            if (replaces) {
                Files.move(old, folder);
            }
            throw e;
        }
        deleteQuietly(old);
    }

    private static void deleteQuietly(Path folder) {
        try {
            delete(folder);
        } catch (IOException e) {
            // files in use on Windows: recover() deletes them the next time
        }
    }
}
