package qupath.ext.hookpath.preview;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import qupath.ext.hookpath.UiTexts;
import qupath.lib.gui.viewer.overlays.AbstractOverlay.LocationStringFunction;
import qupath.lib.images.ImageData;
import qupath.lib.images.servers.ImageServer;
import qupath.lib.images.servers.TileRequest;

/**
 * What QuPath says beside the mouse's position: the probabilities there, the likeliest class first.
 * Only of tiles that are there already, so it never waits.
 */
record CursorReadout(ImageData<BufferedImage> image, ImageServer<BufferedImage> server)
        implements LocationStringFunction {

    private static final int MOST_CLASSES = 3;

    @Override
    public String getLocationString(
            ImageData<BufferedImage> shown, double x, double y, int z, int t) {
        if (shown != image) {
            return null;
        }
        for (int level = 0; level < server.nResolutions(); level++) {
            TileRequest tile = server.getTileRequestManager().getTileRequest(
                    level, (int) Math.round(x), (int) Math.round(y), z, t);
            BufferedImage found = tile == null ? null : server.getCachedTile(tile);
            if (found != null) {
                return text(found, (int) ((x - tile.getImageX()) / tile.getDownsample()),
                        (int) ((y - tile.getImageY()) / tile.getDownsample()));
            }
        }
        return null;
    }

    private String text(BufferedImage tile, int x, int y) {
        if (x < 0 || y < 0 || x >= tile.getWidth() || y >= tile.getHeight()) {
            return null;
        }
        int[] values = tile.getRaster().getPixel(x, y, (int[]) null);
        List<Integer> order = new ArrayList<>();
        for (int c = 0; c < values.length; c++) {
            if (values[c] > 0) {
                order.add(c);
            }
        }
        order.sort(Comparator.comparing((Integer c) -> values[c]).reversed());
        List<String> parts = order.stream().limit(MOST_CLASSES).map(c -> UiTexts.get(
                "layer.readout", server.getMetadata().getChannel(c).getName(), values[c] / 255.0))
                .toList();
        return parts.isEmpty() ? null : String.join(", ", parts);
    }
}
