package qupath.ext.hookpath.ui;

import javafx.scene.control.ComboBox;
import javafx.scene.control.ListCell;
import qupath.ext.hookpath.UiTexts;
import qupath.ext.hookpath.core.Devices;

/** What to compute on: what this computer has; what nobody has tried is marked so. */
public final class DeviceChoice {

    private DeviceChoice() {}

    /** Offers the devices, and what the box holds already where that is another one. */
    public static void fill(ComboBox<String> box) {
        box.getItems().setAll(Devices.here());
        box.setCellFactory(list -> new Named());
        box.setButtonCell(new Named());
    }

    private static final class Named extends ListCell<String> {

        @Override
        protected void updateItem(String device, boolean empty) {
            super.updateItem(device, empty);
            if (empty || device == null) {
                setText(null);
            } else {
                setText(Devices.untested(device) ? UiTexts.get("device.untested", device)
                        : Devices.AUTO.equals(device) ? UiTexts.get("device.auto") : device);
            }
        }
    }
}
