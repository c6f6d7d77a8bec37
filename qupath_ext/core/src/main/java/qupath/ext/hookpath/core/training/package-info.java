/** What a training learns from, its settings, and how a run went. */
package qupath.ext.hookpath.core.training;

