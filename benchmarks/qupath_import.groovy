/**
 * How long QuPath's window takes to import many detections, and how long it freezes meanwhile.
 *
 * Run it in a QuPath window with an image open (script editor, or as the startup script); the first
 * argument is the number of detections (default 100000). Prints the seconds of the import, of
 * taking the objects away again, and each time the longest stall of the window: a heartbeat asks
 * the JavaFX thread for a sign of life every 10 ms and notes how late it comes, until the window
 * has been quiet for 3 s afterwards (painting and tables included). On a busy machine the seconds
 * say little; the processor time and the load are printed for that reason.
 */
import groovy.json.JsonOutput
import java.nio.file.Files
import java.util.concurrent.atomic.AtomicBoolean
import java.util.concurrent.atomic.AtomicLong
import javafx.application.Platform
import qupath.ext.hookpath.Hookpath

class Heartbeat {
    final AtomicLong longestMs = new AtomicLong()
    final AtomicLong lastLateNs = new AtomicLong(System.nanoTime())
    private final AtomicBoolean on = new AtomicBoolean(true)

    void start() {
        Thread.startDaemon('heartbeat') {
            while (on.get()) {
                long asked = System.nanoTime()
                def answered = new java.util.concurrent.CountDownLatch(1)
                Platform.runLater { answered.countDown() }
                answered.await()
                long lateMs = (long) ((System.nanoTime() - asked) / 1000000L)
                longestMs.accumulateAndGet(lateMs, Math::max)
                if (lateMs > 100) {
                    lastLateNs.set(System.nanoTime())
                }
                Thread.sleep(10)
            }
        }
    }

    /** Waits until the window has been quiet for 3 s; returns the longest stall in ms. */
    long stop() {
        lastLateNs.accumulateAndGet(System.nanoTime(), Math::max)
        while (System.nanoTime() - lastLateNs.get() < 3000000000L) {
            Thread.sleep(50)
        }
        on.set(false)
        return longestMs.get()
    }
}

static void write(File folder, int count, int width, int height) {
    folder.mkdirs()
    int columns = (int) Math.ceil(Math.sqrt(count * (double) width / height))
    double step = width / (double) columns
    double radius = step * 0.4
    def names = ['Tumor', 'Stroma', 'Other']
    new File(folder, 'objects.geojson').withWriter('UTF-8') { out ->
        out << '{"type":"FeatureCollection","features":[\n'
        for (int i = 0; i < count; i++) {
            double x = (i % columns + 0.5) * step
            double y = Math.min(height - radius, ((int) (i / columns) + 0.5) * step)
            def ring = (0..20).collect { k ->
                double angle = 2 * Math.PI * (k % 20) / 20
                double r = radius * (1 + 0.1 * Math.sin(3 * angle + i))
                String.format(Locale.ROOT, '[%.2f,%.2f]', x + r * Math.cos(angle), y + r * Math.sin(angle))
            }.join(',')
            out << (i ? ',\n' : '') << '{"type":"Feature","id":"' << UUID.randomUUID() <<
                '","geometry":{"type":"Polygon","coordinates":[[' << ring << ']]},"properties":{' <<
                '"objectType":"detection","classification":{"name":"' << names[i % 3] <<
                '","color":[200,' << (i % 3) * 60 << ',0]},"measurements":{"Area µm^2":' <<
                (100 + i % 50) << ',"Probability":0.9}}}'
        }
        out << '\n]}\n'
    }
    new File(folder, 'prediction.json').text = JsonOutput.toJson([
        run: 'hookpath-benchmark', image: 'any', width: width, height: height,
        downsample: [1.0, 1.0], areas_mm2: [:], files: ['objects.geojson']])
}

static void measured(String what, Closure work) {
    def heartbeat = new Heartbeat()
    heartbeat.start()
    def machine = java.lang.management.ManagementFactory.operatingSystemMXBean
    long start = System.nanoTime()
    long cpu = machine.processCpuTime
    work()
    double seconds = (System.nanoTime() - start) / 1e9
    double busy = (machine.processCpuTime - cpu) / 1e9
    long stall = heartbeat.stop()
    println String.format(Locale.ROOT, '%s: %.1f s (%.1f s of processor time, load of the machine ' +
        '%.1f), longest stall of the window %.2f s', what, seconds, busy, machine.systemLoadAverage, stall / 1000d)
}

int count = binding.hasVariable('args') && args ? args[0] as int : 100000
def server = getCurrentServer()
def folder = Files.createTempDirectory('hookpath-benchmark').toFile()
write(folder, count, server.getWidth(), server.getHeight())
println "QuPath ${GeneralTools.getVersion()}, ${count} detections with 20 corners, " +
    "${new File(folder, 'objects.geojson').length() >> 20} MiB of GeoJSON"
measured('import') { Hookpath.importPredictions(folder.path) }
measured('import again (replaces)') { Hookpath.importPredictions(folder.path) }
measured('remove') { Hookpath.removeResults('hookpath-benchmark') }
folder.deleteDir()
