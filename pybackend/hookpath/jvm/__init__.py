"""QuPath's own code in this process: where a QuPath is, and its JVM.

In: nothing but the machine. Out: Java classes.

Uses: no other room.
"""

from hookpath.jvm.qupath_installation import find_qupath, qupath_version
from hookpath.jvm.start_jvm import NoQuPathError, java, java_says, qupath_running, why_no_java

__all__ = [
    "NoQuPathError",
    "find_qupath",
    "java",
    "java_says",
    "qupath_running",
    "qupath_version",
    "why_no_java",
]
