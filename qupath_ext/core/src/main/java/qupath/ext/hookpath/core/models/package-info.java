/** Models and networks as they lie on disk and can be trained. */
package qupath.ext.hookpath.core.models;

