package qupath.ext.hookpath.core.jobs;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import qupath.ext.hookpath.core.AtomicTextFile;
import qupath.ext.hookpath.core.ExtensionVersion;
import qupath.ext.hookpath.core.Json;

/**
 * What a job is to do: a command of {@code hookpath}, its options, and the project it works on.
 *
 * <p>Options have the long names of the command line without dashes. A list repeats the option,
 * true and false become {@code --x} and {@code --no-x}, null leaves it out.
 */
public final class JobRequest {

    /** Name of the file in the job's folder. */
    public static final String FILE_NAME = "request.json";

    private static final int SCHEMA = 1;

    private final JsonObject content;

    private JobRequest(JsonObject content) {
        this.content = content;
    }

    /** A request for a command of the command line, e.g. {@code "predict"}. */
    public static Builder of(String command) {
        return new Builder(command);
    }

    /**
     * Writes {@code request.json} (UTF-8) into the folder, which is made when missing.
     *
     * @return the file
     */
    public Path write(Path jobFolder) throws IOException {
        Files.createDirectories(jobFolder);
        return AtomicTextFile.replace(jobFolder.resolve(FILE_NAME), Json.PRETTY.toJson(content));
    }

    /** The request as one JSON text. */
    public String toJson() {
        return Json.GSON.toJson(content);
    }

    /** Collects the parts of a request; not for use by several threads. */
    public static final class Builder {

        private final String command;
        private final Map<String, Object> options = new LinkedHashMap<>();
        private String extension = ExtensionVersion.ofThisJar();
        private RequestProject project;

        private Builder(String command) {
            this.command = command;
        }

        /**
         * Sets an option.
         *
         * @param name  long name without dashes, e.g. {@code "min-area"}
         * @param value text, path, number, true/false, a collection of these, or null: left out
         */
        public Builder option(String name, Object value) {
            options.put(name, value);
            return this;
        }

        /** The project that the command works on. */
        public Builder project(RequestProject part) {
            this.project = part;
            return this;
        }

        /** The extension's version, when it is not that of the jar. */
        public Builder extension(String version) {
            this.extension = version;
            return this;
        }

        /** The request as it stands now. */
        public JobRequest build() {
            JsonObject all = new JsonObject();
            all.addProperty("schema", SCHEMA);
            all.addProperty("extension", extension);
            all.addProperty("command", command);
            JsonObject chosen = new JsonObject();
            options.forEach((name, value) -> {
                if (value != null) {
                    chosen.add(name, element(value));
                }
            });
            all.add("options", chosen);
            if (project != null) {
                all.add("project", projectJson(project));
            }
            return new JobRequest(all);
        }
    }

    private static JsonElement element(Object value) {
        if (value instanceof Path path) {
            return Json.GSON.toJsonTree(path.toString());
        }
        if (value instanceof Iterable<?> values) {
            JsonArray list = new JsonArray();
            values.forEach(v -> list.add(element(v)));
            return list;
        }
        if (value instanceof Number || value instanceof Boolean) {
            return Json.GSON.toJsonTree(value);
        }
        return Json.GSON.toJsonTree(value.toString());
    }

    private static JsonObject projectJson(RequestProject part) {
        JsonObject json = new JsonObject();
        json.addProperty("name", part.name());
        JsonArray classes = new JsonArray();
        part.classes().forEach(c -> classes.add(classJson(c)));
        json.add("classes", classes);
        JsonArray images = new JsonArray();
        part.images().forEach(i -> images.add(imageJson(i)));
        json.add("images", images);
        if (part.loop() != null) {
            json.addProperty("loop", part.loop().toString());
        }
        return json;
    }

    private static JsonObject classJson(RequestClass part) {
        JsonObject json = new JsonObject();
        json.addProperty("name", part.name());
        json.add("color", Json.GSON.toJsonTree(part.rgb()));
        return json;
    }

    private static JsonObject imageJson(RequestImage part) {
        JsonObject json = new JsonObject();
        json.addProperty("id", part.id());
        json.addProperty("name", part.name());
        json.addProperty("slide", part.slide());
        json.add("mpp", Json.GSON.toJsonTree(part.mppXY()));
        json.addProperty("crop_to_bounds", part.cropToBounds());
        json.addProperty("annotations", part.annotations());
        json.add("metadata", Json.GSON.toJsonTree(part.metadata()));
        json.add("server", part.server());
        json.addProperty("problem", part.problem());
        return json;
    }
}
