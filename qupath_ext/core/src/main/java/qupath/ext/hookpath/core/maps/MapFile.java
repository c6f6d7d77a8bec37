package qupath.ext.hookpath.core.maps;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import qupath.ext.hookpath.core.Json;
import qupath.ext.hookpath.core.Plane;
import qupath.ext.hookpath.core.jobs.RequestClass;

/**
 * A class map or probability map that hookpath wrote ({@code classes.tif},
 * {@code probabilities.tif}), tile by tile and value by value. Of a probability map every channel
 * is a class, 0…255; of a class map the one channel holds labels, 0 being "nothing". Safe for
 * several threads.
 */
public final class MapFile implements AutoCloseable {

    /** Names of the two maps in a prediction's folder. */
    public static final String PROBABILITIES = "probabilities.tif";
    /** The class map's. */
    public static final String CLASSES = "classes.tif";

    private static final Pattern CHANNEL_NAME =
            Pattern.compile("<Channel\\b[^>]*\\bName=\"([^\"]*)\"");

    private final Path path;
    private final TiffPages pages;
    private final List<List<TiffPages.Page>> channelsOfLevels;
    private final List<RequestClass> classes;
    private final double[] downsample;
    private final Plane plane;

    private MapFile(Path path, TiffPages pages, List<List<TiffPages.Page>> levels) {
        this.path = path;
        this.pages = pages;
        this.channelsOfLevels = levels;
        JsonObject record = record(path);
        this.classes = classes(record);
        List<Double> factors = Json.doubles(Json.list(record, "downsample"));
        this.downsample = factors.size() == 2 && !factors.contains(null)
                ? new double[] {factors.get(0), factors.get(1)} : null;
        this.plane = Plane.of(record);
    }

    /**
     * Opens a map.
     *
     * @throws IOException there is none, or it is no map of ours; one line why
     */
    public static MapFile open(Path path) throws IOException {
        if (!Files.isRegularFile(path)) {
            throw new IOException(path + ": no such file; predict the image first");
        }
        TiffPages pages = null;
        try {
            pages = TiffPages.open(path);
            return new MapFile(path, pages, levels(pages));
        } catch (IOException | RuntimeException e) {
            if (pages != null) {
                pages.close();
            }
            throw new IOException(path + ": is no map that hookpath wrote (" + e.getMessage()
                    + "); predict the image again", e);
        }
    }

    /** The file. */
    public Path path() {
        return path;
    }

    /** Whether it holds labels, not probabilities. */
    public boolean isClassMap() {
        return first(0).colors() != null;
    }

    /** Number of values per px. */
    public int channels() {
        return channelsOfLevels.get(0).size();
    }

    /** Number of resolutions, the finest first. */
    public int levels() {
        return channelsOfLevels.size();
    }

    /** Width of a level in its px. */
    public int width(int level) {
        return first(level).width();
    }

    /** Height of a level in its px. */
    public int height(int level) {
        return first(level).height();
    }

    /**
     * The classes, in the order of the channels (of a class map: of the labels from 1 on). A
     * probability map knows colours only while the class map lies beside it.
     */
    public List<RequestClass> classes() {
        return classes;
    }

    /** The plane of the image that it is of; null: nothing is known. */
    public Plane plane() {
        return plane;
    }

    /** Level-0 px of the slide per px of the finest level, x and y; null: nothing is known. */
    public double[] downsample() {
        return downsample == null ? null : downsample.clone();
    }

    /**
     * Values of a window, which may reach over the border: 0 there.
     *
     * @param level which resolution
     * @param x     left edge in px of the level
     * @param y     upper edge
     * @return one plane per channel, {@code width * height} bytes, row by row
     * @throws IOException the file is damaged there
     */
    public byte[][] read(int level, int x, int y, int width, int height) throws IOException {
        byte[][] planes = new byte[channels()][width * height];
        for (int c = 0; c < planes.length; c++) {
            TiffPages.Page page = channelsOfLevels.get(level).get(c);
            try {
                pages.read(page, x, y, width, height, planes[c]);
            } catch (IOException e) {
                throw new IOException(path + ": damaged (" + e.getMessage()
                        + "); predict the image again", e);
            }
        }
        return planes;
    }

    @Override
    public void close() throws IOException {
        pages.close();
    }

    private TiffPages.Page first(int level) {
        return channelsOfLevels.get(level).get(0);
    }

    /** Per level one page per channel: channels are main pages, their levels lie below them. */
    private static List<List<TiffPages.Page>> levels(TiffPages pages) throws IOException {
        List<TiffPages.Page> finest = pages.main().stream().filter(p -> !p.reduced()).toList();
        if (finest.isEmpty()) {
            throw new IOException("no pages");
        }
        List<List<TiffPages.Page>> levels = new ArrayList<>();
        levels.add(finest);
        int count = finest.stream().mapToInt(p -> p.below().size()).min().orElse(0);
        for (int i = 0; i < count; i++) {
            List<TiffPages.Page> level = new ArrayList<>();
            for (TiffPages.Page page : finest) {
                level.add(page.below().get(i));
            }
            levels.add(level);
        }
        return levels;
    }

    private List<RequestClass> classes(JsonObject record) {
        List<String> names = isClassMap() ? Json.texts(record, "classes") : channelNames();
        int[] colors = isClassMap() ? first(0).colors() : colorsBeside();
        List<RequestClass> found = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            boolean known = colors != null && i + 1 < colors.length;
            int rgb = known ? colors[i + 1] : 0;
            found.add(new RequestClass(names.get(i), known
                    ? new int[] {rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255} : null));
        }
        return found;
    }

    private List<String> channelNames() {
        List<String> names = new ArrayList<>();
        Matcher found = CHANNEL_NAME.matcher(first(0).description());
        while (found.find()) {
            names.add(found.group(1).replace("&lt;", "<").replace("&gt;", ">")
                    .replace("&quot;", "\"").replace("&apos;", "'").replace("&amp;", "&"));
        }
        while (names.size() < channels()) {
            names.add("Class " + (names.size() + 1));
        }
        return names.subList(0, channels());
    }

    private int[] colorsBeside() {
        Path beside = path.resolveSibling(CLASSES);
        if (!Files.isRegularFile(beside)) {
            return null;
        }
        try (TiffPages other = TiffPages.open(beside)) {
            return other.main().get(0).colors();
        } catch (IOException | RuntimeException e) {
            return null;
        }
    }

    private static JsonObject record(Path path) {
        try {
            JsonElement found = Json.read(path.resolveSibling("prediction.json"));
            return found.getAsJsonObject();
        } catch (IOException | RuntimeException e) {
            return new JsonObject();
        }
    }
}
