/** "Set up Python…": finds a Python with the package or builds an environment with it. */
package qupath.ext.hookpath.ui.setup;

