/**
 * What the network says about the part of the image that is looked at, as an overlay: live, through
 * a long-lived worker process, or from a map on disk.
 */
package qupath.ext.hookpath.preview;

