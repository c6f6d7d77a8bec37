package qupath.ext.hookpath.preview;

import java.util.ArrayDeque;
import java.util.Deque;
import org.apposed.appose.SharedMemory;

/**
 * Blocks of memory that the worker writes pixels to, used again and again: making one costs file
 * handles that Appose 0.7 gives back only when QuPath ends. Safe for several threads.
 */
final class SharedMemoryBlocks implements AutoCloseable {

    private final Deque<SharedMemory> idle = new ArrayDeque<>();
    private boolean closed;

    /** A block of that many bytes or more; give it back. */
    synchronized SharedMemory take(int bytes) {
        for (SharedMemory block : idle) {
            if (block.rsize() >= bytes) {
                idle.remove(block);
                return block;
            }
        }
        return create(bytes);
    }

    /** Appose looks for its own classes with the thread's loader, which may know nothing of us. */
    private static SharedMemory create(int bytes) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(SharedMemoryBlocks.class.getClassLoader());
        try {
            return SharedMemory.create(bytes);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    synchronized void giveBack(SharedMemory block) {
        if (closed) {
            block.close();
        } else {
            idle.addFirst(block);
        }
    }

    /** Frees what is idle now, and the rest when it is given back. */
    @Override
    public synchronized void close() {
        closed = true;
        idle.forEach(SharedMemory::close);
        idle.clear();
    }
}
