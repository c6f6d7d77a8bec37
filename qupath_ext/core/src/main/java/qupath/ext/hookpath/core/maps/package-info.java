/** Class and probability maps: read, coloured, smoothed. */
package qupath.ext.hookpath.core.maps;

