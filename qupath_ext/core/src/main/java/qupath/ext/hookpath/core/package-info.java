/** What the extension does that needs no QuPath: jobs, events, Python, GeoJSON, models, runs. */
package qupath.ext.hookpath.core;

