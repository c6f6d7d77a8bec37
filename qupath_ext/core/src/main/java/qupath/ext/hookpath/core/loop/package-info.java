/** What the annotation loop says and remembers. */
package qupath.ext.hookpath.core.loop;

