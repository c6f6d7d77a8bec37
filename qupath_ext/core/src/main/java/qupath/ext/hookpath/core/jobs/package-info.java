/** Jobs: requests, running processes, their events, messages and outcomes. */
package qupath.ext.hookpath.core.jobs;

