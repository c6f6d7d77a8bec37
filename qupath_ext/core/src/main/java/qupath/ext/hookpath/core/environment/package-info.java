/** Building and finding the Python that jobs run in: downloads, uv, venv, pip. */
package qupath.ext.hookpath.core.environment;

