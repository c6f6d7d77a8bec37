/** What evaluating and measuring found. */
package qupath.ext.hookpath.core.evaluation;

