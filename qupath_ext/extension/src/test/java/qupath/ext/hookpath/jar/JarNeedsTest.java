package qupath.ext.hookpath.jar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The jar against exactly the libraries that QuPath names (gradle/qupath-libraries.gradle): what it
 * needs is there, with the members that it calls, and nothing comes twice. Whatever else lies in
 * the folder of the QuPath that it was compiled against does not count.
 */
class JarNeedsTest {

    /**
     * Parts of Appose that build environments for workers in Java (Ivy) and unpack micromamba
     * (Commons Compress); nothing here calls them.
     */
    private static final List<String> LEFT_OUT =
            List.of("org/apache/ivy/", "org/apache/commons/compress/");

    private static Jars jar;
    private static Jars qupath;

    @BeforeAll
    static void openJars() throws IOException {
        jar = new Jars(System.getProperty("hookpath.jar"));
        qupath = new Jars(System.getProperty("hookpath.qupath"));
    }

    @AfterAll
    static void closeJars() throws IOException {
        jar.close();
        qupath.close();
    }

    static Stream<String> versions() {
        return Arrays.stream(System.getProperty("hookpath.qupath.versions").split(","));
    }

    private static Jars libraries(String version) throws IOException {
        return new Jars(System.getProperty("hookpath.qupath.libraries." + version));
    }

    @ParameterizedTest
    @MethodSource("versions")
    void everyClassThatIsNeededIsThere(String version) throws IOException {
        try (Jars libraries = libraries(version)) {
            assertEquals(Set.of(), missing(libraries, name -> true));
        }
    }

    @ParameterizedTest
    @MethodSource("versions")
    void withoutGroovysJsonApposeFindsNoClasses(String version) throws IOException {
        try (Jars libraries = libraries(version)) {
            Set<String> missing = missing(libraries, name -> !name.contains("groovy/json/"));
            assertTrue(missing.contains("groovy/json/JsonGenerator$Converter"), missing::toString);
        }
    }

    @ParameterizedTest
    @MethodSource("versions")
    void everyMemberThatIsCalledIsThere(String version) throws IOException {
        try (Jars libraries = libraries(version)) {
            Set<String> gone = new TreeSet<>();
            for (String name : jar.names()) {
                for (ClassFile.Use use : jar.get(name).uses()) {
                    if (!has(use.owner(), use.member(), libraries)) {
                        gone.add(name + ": " + use.owner() + " " + use.member());
                    }
                }
            }
            assertEquals(Set.of(), gone);
        }
    }

    @ParameterizedTest
    @MethodSource("versions")
    void nothingThatQuPathHasComesAgain(String version) throws IOException {
        try (Jars libraries = libraries(version)) {
            Set<String> twice = new TreeSet<>(jar.names());
            twice.removeIf(name -> Jars.find(name, qupath, libraries) == null);
            assertEquals(Set.of(), twice);
        }
    }

    @Test
    void aClassFileSaysWhatItNeeds() throws IOException {
        ClassFile own;
        try (var in = JarNeedsTest.class.getResourceAsStream("JarNeedsTest.class")) {
            own = ClassFile.of(in.readAllBytes());
        }
        assertEquals("qupath/ext/hookpath/jar/JarNeedsTest", own.name());
        assertEquals(List.of("java/lang/Object"), own.parents());
        assertTrue(own.members().contains("LEFT_OUT Ljava/util/List;"), own::toString);
        assertTrue(own.classes().contains("org/junit/jupiter/api/Test")
                || own.classes().contains("org/junit/jupiter/api/Assertions"), own::toString);
        assertTrue(own.uses().contains(new ClassFile.Use("java/util/TreeSet", "<init> ()V")),
                own::toString);
    }

    /** Classes that are named, and found nowhere; `counts`: which of the jar's own do. */
    private static Set<String> missing(Jars libraries, Predicate<String> counts) {
        Set<String> missing = new TreeSet<>();
        jar.names().stream().filter(counts)
                .forEach(name -> missing.addAll(jar.get(name).classes()));
        missing.removeIf(name -> counts.test(name) && jar.names().contains(name)
                || Jars.find(name, qupath, libraries) != null || Jars.isOfJava(name)
                || LEFT_OUT.stream().anyMatch(name::startsWith));
        return missing;
    }

    /** Whether a class, or what it comes from, has a member; yes where Java's own may have it. */
    private static boolean has(String owner, String member, Jars libraries) {
        ClassFile found = Jars.find(owner, jar, qupath, libraries);
        if (found == null || found.members().contains(member)) {
            return true;
        }
        return found.parents().stream().anyMatch(parent -> parent.equals("java/lang/Object")
                ? ofObject(member) : has(parent, member, libraries));
    }

    private static boolean ofObject(String member) {
        String name = member.substring(0, member.indexOf(' '));
        return Arrays.stream(Object.class.getDeclaredMethods())
                .anyMatch(method -> method.getName().equals(name));
    }
}
