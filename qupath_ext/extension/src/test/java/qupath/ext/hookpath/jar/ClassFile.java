package qupath.ext.hookpath.jar;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a class file says of itself and of others (The Java Virtual Machine Specification, 4).
 * Names are internal ones ({@code java/lang/String}).
 *
 * @param name its own
 * @param parents superclass and interfaces
 * @param members fields and methods that it has, as name and descriptor
 * @param classes that it names, itself too
 * @param uses members of classes that its code names
 */
record ClassFile(String name, List<String> parents, Set<String> members, Set<String> classes,
                 Set<Use> uses) {

    private static final int MAGIC = 0xCAFEBABE;
    private static final Pattern NAMED = Pattern.compile("L([^;<>()]+);");

    /** A field or method (name and descriptor) of a class. */
    record Use(String owner, String member) {}

    static ClassFile of(byte[] bytes) {
        try {
            return new Reader(bytes).read();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class Reader {

        private final DataInputStream in;
        private int[] tags;
        private int[] first;
        private int[] second;
        private String[] texts;

        Reader(byte[] bytes) {
            in = new DataInputStream(new ByteArrayInputStream(bytes));
        }

        ClassFile read() throws IOException {
            if (in.readInt() != MAGIC) {
                throw new IOException("no class file");
            }
            in.readInt();               // version
            readConstants();
            in.readUnsignedShort();     // flags
            String name = className(in.readUnsignedShort());
            List<String> parents = new ArrayList<>();
            int parent = in.readUnsignedShort();
            if (parent != 0) {
                parents.add(className(parent));
            }
            for (int left = in.readUnsignedShort(); left > 0; left--) {
                parents.add(className(in.readUnsignedShort()));
            }
            Set<String> members = readMembers();
            members.addAll(readMembers());
            Set<String> classes = new HashSet<>(List.of(name));
            members.forEach(m -> addNamed(m.substring(m.indexOf(' ') + 1), classes));
            Set<Use> uses = new HashSet<>();
            collect(classes, uses);
            return new ClassFile(name, parents, members, classes, uses);
        }

        private void readConstants() throws IOException {
            int count = in.readUnsignedShort();
            tags = new int[count];
            first = new int[count];
            second = new int[count];
            texts = new String[count];
            for (int i = 1; i < count; i++) {
                tags[i] = in.readUnsignedByte();
                switch (tags[i]) {
                    case 1 -> texts[i] = in.readUTF();
                    case 3, 4 -> in.readInt();
                    case 5, 6 -> {
                        in.readLong();
                        i++;            // takes two places
                    }
                    case 7, 8, 16, 19, 20 -> first[i] = in.readUnsignedShort();
                    case 9, 10, 11, 12, 17, 18 -> {
                        first[i] = in.readUnsignedShort();
                        second[i] = in.readUnsignedShort();
                    }
                    case 15 -> {
                        in.readUnsignedByte();
                        in.readUnsignedShort();
                    }
                    default -> throw new IOException("constant of kind " + tags[i]);
                }
            }
        }

        private Set<String> readMembers() throws IOException {
            Set<String> found = new HashSet<>();
            for (int left = in.readUnsignedShort(); left > 0; left--) {
                in.readUnsignedShort();     // flags
                found.add(texts[in.readUnsignedShort()] + " " + texts[in.readUnsignedShort()]);
                for (int more = in.readUnsignedShort(); more > 0; more--) {
                    in.readUnsignedShort();
                    in.skipNBytes(in.readInt());
                }
            }
            return found;
        }

        private void collect(Set<String> classes, Set<Use> uses) {
            for (int i = 1; i < tags.length; i++) {
                switch (tags[i]) {
                    case 7 -> addClass(className(i), classes);
                    case 12 -> addNamed(texts[second[i]], classes);
                    case 16 -> addNamed(texts[first[i]], classes);
                    case 9, 10, 11 -> {
                        String owner = className(first[i]);
                        int member = second[i];
                        if (!owner.startsWith("[")) {
                            uses.add(new Use(owner, texts[first[member]] + " "
                                    + texts[second[member]]));
                        }
                    }
                    default -> { }
                }
            }
        }

        private String className(int index) {
            return texts[first[index]];
        }

        private static void addClass(String name, Set<String> classes) {
            if (name.startsWith("[")) {
                addNamed(name, classes);
            } else {
                classes.add(name);
            }
        }

        private static void addNamed(String descriptor, Set<String> classes) {
            for (Matcher found = NAMED.matcher(descriptor); found.find();) {
                classes.add(found.group(1));
            }
        }
    }
}
