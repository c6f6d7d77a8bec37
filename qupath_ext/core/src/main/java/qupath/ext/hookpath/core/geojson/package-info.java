/** GeoJSON read and written in chunks, and what tells a result from a person's object. */
package qupath.ext.hookpath.core.geojson;

