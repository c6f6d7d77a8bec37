package qupath.ext.hookpath.jar;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** Classes of some jars; each is read when it is asked for. The first jar that has one counts. */
final class Jars implements AutoCloseable {

    private final List<ZipFile> files;
    private final Map<String, ZipFile> places = new HashMap<>();
    private final Map<String, ClassFile> read = new HashMap<>();

    /**
     * Some jars.
     *
     * @param path their paths, with the system's separator
     */
    Jars(String path) throws IOException {
        List<ZipFile> opened = new java.util.ArrayList<>();
        for (String one : path.split(File.pathSeparator)) {
            ZipFile file = new ZipFile(one);
            opened.add(file);
            file.stream().map(ZipEntry::getName)
                    .filter(n -> n.endsWith(".class") && !n.startsWith("META-INF/"))
                    .filter(n -> !n.endsWith("-info.class"))
                    .forEach(n -> places.putIfAbsent(
                            n.substring(0, n.length() - ".class".length()), file));
        }
        files = List.copyOf(opened);
    }

    /** Internal names of all classes. */
    Set<String> names() {
        return places.keySet();
    }

    /** A class; null where there is none of that name. */
    ClassFile get(String name) {
        ZipFile file = places.get(name);
        return file == null ? null : read.computeIfAbsent(name, n -> read(file, n));
    }

    private static ClassFile read(ZipFile file, String name) {
        try (InputStream in = file.getInputStream(file.getEntry(name + ".class"))) {
            return ClassFile.of(in.readAllBytes());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        for (ZipFile file : files) {
            file.close();
        }
    }

    /** Whether every Java has a class. */
    static boolean isOfJava(String name) {
        try {
            Class.forName(name.replace('/', '.'), false, ClassLoader.getPlatformClassLoader());
            return true;
        } catch (ClassNotFoundException | LinkageError e) {
            return false;
        }
    }

    /** The first of some sources that has a class; null: none has it. */
    static ClassFile find(String name, Jars... sources) {
        return Arrays.stream(sources).map(s -> s.get(name)).filter(c -> c != null)
                .findFirst().orElse(null);
    }
}
