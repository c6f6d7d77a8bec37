package qupath.ext.hookpath.core.maps;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * The pages of a TIFF or BigTIFF of 8-bit tiles, one value per px, deflated: what hookpath writes,
 * and no more. QuPath reads such files with Bio-Formats, as an image of its own; here every value
 * is wanted as it is, on another image's coordinates.
 */
final class TiffPages implements AutoCloseable {

    private static final int SUBFILE_TYPE = 254;
    private static final int WIDTH = 256;
    private static final int HEIGHT = 257;
    private static final int BITS = 258;
    private static final int COMPRESSION = 259;
    private static final int DESCRIPTION = 270;
    private static final int SAMPLES = 277;
    private static final int PREDICTOR = 317;
    private static final int COLOR_MAP = 320;
    private static final int TILE_WIDTH = 322;
    private static final int TILE_HEIGHT = 323;
    private static final int TILE_OFFSETS = 324;
    private static final int TILE_BYTES = 325;
    private static final int SUB_IFDS = 330;
    private static final int DEFLATE = 8;
    private static final int MOST_PAGES = 10_000;
    private static final int MOST_VALUES = 1 << 26;
    // Bytes per value of the field types 0 to 18.
    private static final int[] TYPE_BYTES =
        {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8};

    /**
     * One image.
     *
     * @param colors 0xRRGGBB of the values, or null
     * @param below  its lower resolutions, the finest first
     */
    record Page(int width, int height, int tileWidth, int tileHeight, long[] offsets, long[] bytes,
                boolean reduced, int[] colors, String description, List<Page> below) {

        int columns() {
            return (width + tileWidth - 1) / tileWidth;
        }
    }

    private final FileChannel file;
    private final ByteOrder order;
    private final boolean big;
    private final List<Page> main = new ArrayList<>();

    private TiffPages(FileChannel file) throws IOException {
        this.file = file;
        ByteBuffer head = bytes(0, 16);
        int sign = head.getShort(0);
        order = sign == 0x4949 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
        head.order(order);
        int version = head.getShort(2);
        if (sign != 0x4949 && sign != 0x4D4D || version != 42 && version != 43) {
            throw new IOException("no TIFF");
        }
        big = version == 43;
        long next = big ? head.getLong(8) : Integer.toUnsignedLong(head.getInt(4));
        while (next != 0 && main.size() < MOST_PAGES) {
            next = page(next, main);
        }
    }

    static TiffPages open(Path path) throws IOException {
        FileChannel file = FileChannel.open(path, StandardOpenOption.READ);
        try {
            return new TiffPages(file);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** The pages of the main chain. */
    List<Page> main() {
        return main;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    /** Copies what the window shares with the page; {@code out} holds width × height bytes. */
    void read(Page page, int x, int y, int width, int height, byte[] out) throws IOException {
        int left = Math.max(x, 0);
        int top = Math.max(y, 0);
        int right = Math.min(x + width, page.width());
        int bottom = Math.min(y + height, page.height());
        for (int row = top / page.tileHeight(); row * page.tileHeight() < bottom; row++) {
            for (int column = left / page.tileWidth(); column * page.tileWidth() < right;
                    column++) {
                byte[] tile = tile(page, row * page.columns() + column);
                int tileX = column * page.tileWidth();
                int tileY = row * page.tileHeight();
                int from = Math.max(left, tileX);
                int length = Math.min(right, tileX + page.tileWidth()) - from;
                int last = Math.min(bottom, tileY + page.tileHeight());
                for (int line = Math.max(top, tileY); line < last; line++) {
                    System.arraycopy(tile, (line - tileY) * page.tileWidth() + from - tileX,
                            out, (line - y) * width + from - x, length);
                }
            }
        }
    }

    private byte[] tile(Page page, int index) throws IOException {
        byte[] out = new byte[page.tileWidth() * page.tileHeight()];
        int length = Math.toIntExact(page.bytes()[index]);
        if (length == 0) {
            return out;
        }
        Inflater inflater = new Inflater();
        try {
            inflater.setInput(bytes(page.offsets()[index], length));
            int done = 0;
            while (done < out.length && !inflater.finished()) {
                int more = inflater.inflate(out, done, out.length - done);
                if (more == 0) {
                    throw new IOException("tile " + index + " is cut off");
                }
                done += more;
            }
            return out;
        } catch (DataFormatException e) {
            throw new IOException("tile " + index + ": " + e.getMessage(), e);
        } finally {
            inflater.end();
        }
    }

    /** Reads the page at that place into the list; where the next is, or 0. */
    private long page(long at, List<Page> into) throws IOException {
        int countBytes = big ? 8 : 2;
        ByteBuffer head = bytes(at, countBytes);
        int count = big ? Math.toIntExact(head.getLong(0)) : Short.toUnsignedInt(head.getShort(0));
        if (count < 1 || count > 1000) {
            throw new IOException("damaged directory");
        }
        int entryBytes = big ? 20 : 12;
        ByteBuffer table = bytes(at + countBytes, count * entryBytes + (big ? 8 : 4));
        Map<Integer, long[]> fields = new HashMap<>();
        for (int i = 0; i < count; i++) {
            field(table, i * entryBytes, fields);
        }
        into.add(page(fields));
        int end = count * entryBytes;
        return big ? table.getLong(end) : Integer.toUnsignedLong(table.getInt(end));
    }

    private Page page(Map<Integer, long[]> fields) throws IOException {
        boolean ours = one(fields, COMPRESSION, 1) == DEFLATE && one(fields, BITS, 1) == 8
                && one(fields, SAMPLES, 1) == 1 && one(fields, PREDICTOR, 1) == 1
                && one(fields, TILE_WIDTH, 0) > 0 && one(fields, TILE_HEIGHT, 0) > 0;
        if (!ours) {
            throw new IOException("not 8 bits in deflated tiles");
        }
        List<Page> below = new ArrayList<>();
        for (long place : fields.getOrDefault(SUB_IFDS, new long[0])) {
            page(place, below);
        }
        Page page = new Page((int) one(fields, WIDTH, 0), (int) one(fields, HEIGHT, 0),
                (int) one(fields, TILE_WIDTH, 0), (int) one(fields, TILE_HEIGHT, 0),
                fields.getOrDefault(TILE_OFFSETS, new long[0]),
                fields.getOrDefault(TILE_BYTES, new long[0]),
                (one(fields, SUBFILE_TYPE, 0) & 1) != 0, colors(fields.get(COLOR_MAP)),
                text(fields.get(DESCRIPTION)), below);
        int rows = (page.height() + page.tileHeight() - 1) / page.tileHeight();
        if (page.offsets().length < rows * page.columns()
                || page.bytes().length != page.offsets().length) {
            throw new IOException("tiles are missing");
        }
        return page;
    }

    private void field(ByteBuffer table, int at, Map<Integer, long[]> fields) throws IOException {
        int tag = Short.toUnsignedInt(table.getShort(at));
        int type = Short.toUnsignedInt(table.getShort(at + 2));
        long count = big ? table.getLong(at + 4) : Integer.toUnsignedLong(table.getInt(at + 4));
        int size = type < TYPE_BYTES.length ? TYPE_BYTES[type] : 0;
        if (size == 0) {
            return;
        }
        if (count < 0 || count > MOST_VALUES) {
            throw new IOException("damaged directory");
        }
        int valueAt = at + (big ? 12 : 8);
        ByteBuffer values = table;
        if (count * size > (big ? 8 : 4)) {
            long place = big ? table.getLong(valueAt)
                    : Integer.toUnsignedLong(table.getInt(valueAt));
            values = bytes(place, Math.toIntExact(count * size));
            valueAt = 0;
        }
        long[] found = new long[(int) count];
        for (int i = 0; i < found.length; i++) {
            found[i] = value(values, valueAt + i * size, size);
        }
        fields.put(tag, found);
    }

    private static long value(ByteBuffer buffer, int at, int size) {
        return switch (size) {
            case 1 -> Byte.toUnsignedLong(buffer.get(at));
            case 2 -> Short.toUnsignedLong(buffer.getShort(at));
            case 4 -> Integer.toUnsignedLong(buffer.getInt(at));
            default -> buffer.getLong(at);
        };
    }

    private ByteBuffer bytes(long at, int length) throws IOException {
        if (at < 0 || length < 0 || at + length > file.size()) {
            throw new IOException("cut off");
        }
        ByteBuffer buffer = ByteBuffer.allocate(length);
        while (buffer.hasRemaining()) {
            if (file.read(buffer, at + buffer.position()) < 0) {
                throw new IOException("cut off");
            }
        }
        return buffer.flip().order(order == null ? ByteOrder.BIG_ENDIAN : order);
    }

    private static long one(Map<Integer, long[]> fields, int tag, long otherwise) {
        long[] found = fields.get(tag);
        return found == null || found.length == 0 ? otherwise : found[0];
    }

    /** Colour maps hold all reds, then all greens, then all blues, 0…65535. */
    private static int[] colors(long[] map) {
        if (map == null || map.length < 3) {
            return null;
        }
        int count = map.length / 3;
        int[] colors = new int[count];
        for (int i = 0; i < count; i++) {
            colors[i] = (int) (map[i] >> 8 << 16 | map[count + i] >> 8 << 8
                    | map[2 * count + i] >> 8);
        }
        return colors;
    }

    private static String text(long[] characters) {
        if (characters == null) {
            return "";
        }
        byte[] found = new byte[characters.length];
        for (int i = 0; i < found.length; i++) {
            found[i] = (byte) characters[i];
        }
        return new String(found, StandardCharsets.UTF_8).replace("\0", "");
    }
}
