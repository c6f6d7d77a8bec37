package qupath.ext.hookpath.core.models;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * The files that a model consists of, in a folder or in a {@code .zip} as {@code hookpath export
 * --to zip} writes it. One from a stranger is data: only files of a model are taken, each no larger
 * than such a file can be (the rules of {@code models/storage/folder_or_zip.py}).
 */
final class ModelZip {

    private static final Set<String> SMALL = Set.of("MODEL.md", ModelFolder.CARD,
            "patch/" + ModelFolder.CARD);
    private static final Set<String> LARGE = Set.of(ModelFolder.WEIGHTS, ModelFolder.EXPORTED,
            "reference.safetensors", "patch/" + ModelFolder.EXPORTED);
    private static final long SMALL_BYTES = 16L << 20;
    private static final long LARGE_BYTES = 8L << 30;

    /** Weights hardly shrink; what unpacks to more than so many times its size is no model. */
    private static final long MOST_FOLD = 20;

    private ModelZip() {
    }

    /**
     * Unpacks a model.
     *
     * @param zip    its files at the top or in one folder
     * @param folder where they go; may hold parts of them when this fails
     * @throws IOException no readable zip, or it holds what no model has
     */
    static void unpack(Path zip, Path folder) throws IOException {
        try (ZipFile opened = new ZipFile(zip.toFile())) {
            List<? extends ZipEntry> files = Collections.list(opened.entries()).stream()
                    .filter(entry -> !entry.isDirectory()).toList();
            String top = topFolder(zip, files);
            for (ZipEntry entry : files) {
                String name = entry.getName().startsWith(top)
                        ? entry.getName().substring(top.length()) : "";
                if (!SMALL.contains(name) && !LARGE.contains(name)) {
                    throw new IOException(zip + ": holds " + shown(entry.getName())
                            + ", which is no file of a model");
                }
                long most = Math.min(most(name),
                        Math.max(SMALL_BYTES, MOST_FOLD * entry.getCompressedSize()));
                try (InputStream in = opened.getInputStream(entry)) {
                    write(in, folder.resolve(name), most, zip);
                }
            }
        } catch (ZipException e) {
            throw new IOException(zip + ": no readable .zip of a model (" + e.getMessage() + ")",
                    e);
        }
    }

    /** Copies the files that make a model, and nothing else that lies beside them. */
    static void copy(Path model, Path folder) throws IOException {
        for (Set<String> names : List.of(SMALL, LARGE)) {
            for (String name : names) {
                Path file = model.resolve(name);
                if (Files.isRegularFile(file)) {
                    try (InputStream in = Files.newInputStream(file)) {
                        write(in, folder.resolve(name), most(name), model);
                    }
                }
            }
        }
    }

    /** The folder that a file manager packs along, with its slash. */
    private static String topFolder(Path zip, List<? extends ZipEntry> files) throws IOException {
        return files.stream().map(ZipEntry::getName)
                .filter(name -> name.equals(ModelFolder.CARD)
                        || name.endsWith("/" + ModelFolder.CARD))
                .min(Comparator.comparingInt(String::length))
                .map(name -> name.substring(0, name.length() - ModelFolder.CARD.length()))
                .orElseThrow(() -> new IOException(zip + ": no " + ModelFolder.CARD
                        + " in it, so it is no model"));
    }

    private static long most(String name) {
        return SMALL.contains(name) ? SMALL_BYTES : LARGE_BYTES;
    }

    private static void write(InputStream in, Path file, long most, Path source)
            throws IOException {
        Files.createDirectories(file.getParent());
        byte[] block = new byte[1 << 16];
        long written = 0;
        try (OutputStream out = Files.newOutputStream(file)) {
            for (int n = in.read(block); n >= 0; n = in.read(block)) {
                written += n;
                if (written > most) {
                    throw new IOException(source + ": " + file.getFileName()
                            + " is larger than such a file of a model can be");
                }
                out.write(block, 0, n);
            }
        }
    }

    private static String shown(String name) {
        String plain = name.replaceAll("\\p{Cntrl}", "?");
        return plain.length() <= 60 ? plain : plain.substring(0, 60) + "…";
    }
}
