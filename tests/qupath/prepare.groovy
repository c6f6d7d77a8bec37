// Makes args[0] QuPath's user directory, and the window start without notices.
import qupath.lib.gui.prefs.PathPrefs

PathPrefs.userPathProperty().set(args[0])
PathPrefs.showStartupMessageProperty().set(false)
PathPrefs.showLicenseMessageOnStartupProperty().set(false)
PathPrefs.autoUpdateCheckProperty().set(PathPrefs.AutoUpdateType.NONE)
PathPrefs.createPersistentPreference("showExtensionManagerOnStartup", true).set(false)
PathPrefs.createPersistentPreference("hookpath.firstSteps", true).set(false)
PathPrefs.savePreferences()
null
