package qupath.ext.hookpath.core.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import qupath.ext.hookpath.core.environment.FakePython;
import qupath.ext.hookpath.core.environment.ProgramAnswer;
import qupath.ext.hookpath.core.environment.PythonInterpreter;
import qupath.ext.hookpath.core.jobs.JobOutcome.State;

@Timeout(30)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the fake Python is a shell script")
class JobProcessTest {

    private static final String START = say("""
            {"event": "start", "schema": 1, "command": "predict", "hookpath": "0.1.0"}""");
    private static final String END = say("{\"event\": \"end\", \"exit_code\": 0}");
    private static final JobProcess.Grace SHORT = new JobProcess.Grace(1000, 300);

    @TempDir
    Path temp;

    private final List<JobEvent> events = Collections.synchronizedList(new ArrayList<>());

    private static String say(String event) {
        return "echo '" + event + "'";
    }

    private JobProcess start(String... lines) throws IOException {
        Path request = JobRequest.of("predict").build().write(temp.resolve("jöb 1"));
        return JobProcess.start(FakePython.of(temp, lines), request, events::add, SHORT);
    }

    private JobOutcome run(String... lines) throws IOException, InterruptedException {
        return start(lines).await();
    }

    @Test
    void eventsArriveInOrderAndResultsAreKept() throws Exception {
        JobOutcome outcome = run(START, say("""
                {"event": "result", "kind": "slide", "data": {"name": "ü.svs"}}"""), END);
        assertEquals(State.DONE, outcome.state());
        assertEquals("", outcome.message());
        assertEquals(new JobEvent.Start("predict", "0.1.0"), events.get(0));
        assertEquals("ü.svs", outcome.results().getFirst().data().get("name").getAsString());
        assertEquals(new JobEvent.End(0), events.get(2));
        assertEquals(3, events.size());
    }

    @Test
    void theRequestIsPassedAsAFileInUtf8Mode() throws Exception {
        run("printf '%s\\n' \"$PYTHONUTF8|$*\" >&2", END);
        String log = Files.readString(temp.resolve("jöb 1").resolve("log.txt"));
        assertTrue(log.contains("\n1|-X utf8 -m hookpath --request "), log);
        assertTrue(log.stripTrailing().endsWith("jöb 1/request.json --json"), log);
    }

    @Test
    void aCommandThatFailsSaysWhy() throws Exception {
        JobOutcome outcome = run(START, say("""
                {"event": "error", "message": "no model there", "code": "model_unreadable"}"""),
                say("{\"event\": \"end\", \"exit_code\": 1}"), "exit 1");
        assertEquals(State.FAILED, outcome.state());
        assertEquals("no model there", outcome.message());
        assertEquals("model_unreadable", outcome.code());
        assertEquals(1, outcome.exitCode());
    }

    @Test
    void whatIsPrintedWithoutWarningGoesToTheLogAndIsTheMessageOfAWrongCall() throws Exception {
        JobOutcome outcome = run("echo 'No such option: --request' >&2; exit 2");
        assertEquals(State.FAILED, outcome.state());
        assertEquals("Python refused the job: No such option: --request", outcome.message());
    }

    @Test
    void aKilledProcessIsNotAnEmptyResult() throws Exception {
        JobOutcome outcome = run(START, "echo 'reading ü' >&2", "kill -9 $$");
        assertEquals(State.DIED, outcome.state());
        assertEquals(137, outcome.exitCode());
        assertTrue(outcome.message().contains("ran out of memory"), outcome.message());
        assertTrue(outcome.message().endsWith("reading ü"), outcome.message());
    }

    @Test
    void anExitWithoutAnEndIsADeathEvenWithCodeZero() throws Exception {
        assertEquals(State.DIED, run(START, "exit 0").state());
    }

    @Test
    void theLastTwentyLinesOfTheLogAreKept() throws Exception {
        JobOutcome outcome = run("for i in $(seq 1 50); do echo \"line $i\" >&2; done; exit 3");
        assertEquals(20, outcome.lastLogLines().size());
        assertEquals("line 31", outcome.lastLogLines().getFirst());
        assertEquals("line 50", outcome.lastLogLines().getLast());
        assertEquals(51, Files.readAllLines(temp.resolve("jöb 1/log.txt")).size());
    }

    @Test
    void muchOutputOnBothStreamsDoesNotBlock() throws Exception {
        String event = "{\"event\": \"info\", \"message\": \"" + "0123456789".repeat(5) + "\"}";
        JobOutcome outcome = run("i=0", "while [ $i -lt 3000 ]; do i=$((i+1))", say(event),
                "echo 'a line of log that fills the pipe in time 0123456789' >&2", "done", END);
        assertEquals(State.DONE, outcome.state());
        assertEquals(3001, events.size());
    }

    @Test
    void aListenerThatThrowsDoesNotEndTheJob() throws Exception {
        Path request = JobRequest.of("info").build().write(temp.resolve("job"));
        JobProcess job = JobProcess.start(FakePython.of(temp, START, END), request, e -> {
            throw new NoClassDefFoundError("bad listener");
        });
        assertEquals(State.DONE, job.await().state());
    }

    @Test
    void aSlowListenerHearsTheEndAllTheSame() throws Exception {
        Path request = JobRequest.of("info").build().write(temp.resolve("job"));
        JobProcess job = JobProcess.start(FakePython.of(temp, START, END), request, e -> {
            try {
                Thread.sleep(3000);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        });
        assertEquals(State.DONE, job.await().state());
    }

    @Test
    void aChildThatIsLeftBehindDoesNotHoldTheJobUp() throws Exception {
        JobOutcome outcome = run("sleep 60 & echo $! > child", START, END);
        assertEquals(State.DONE, outcome.state());
        long child = Long.parseLong(Files.readString(temp.resolve("jöb 1/child")).strip());
        assertTrue(ProcessHandle.of(child).map(ProcessHandle::destroy).orElse(false));
    }

    @Test
    void stopAsksByAFileAndWhatIsFinishedStays() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        Path request = JobRequest.of("train").build().write(temp.resolve("job"));
        JobProcess job = JobProcess.start(FakePython.of(temp, START,
                "while [ ! -e stop ]; do sleep 0.05; done",
                "mkdir results", say("""
                        {"schema": 1, "images": {"3": {"objects": "0.geojson", "count": 2}}}""")
                        + " > results/index.json",
                say("{\"event\": \"error\", \"message\": \"train: stopped\"}"), "exit 1"),
                request, e -> started.countDown());
        assertTrue(started.await(10, TimeUnit.SECONDS));
        assertTrue(job.isRunning());
        job.stop();
        JobOutcome outcome = job.await();
        assertEquals(State.STOPPED, outcome.state());
        assertEquals(2, outcome.index().images().get("3").count());
        assertFalse(job.isRunning());
    }

    @Test
    void aCommandThatDoesNotObeyIsEndedWithItsChildren() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        Path request = JobRequest.of("predict").build().write(temp.resolve("job"));
        PythonInterpreter python = FakePython.of(temp, "sleep 60 & echo $! > child", START, "wait");
        JobProcess job = JobProcess.start(python, request, e -> started.countDown(), SHORT);
        assertTrue(started.await(10, TimeUnit.SECONDS));
        long child = Long.parseLong(Files.readString(temp.resolve("job/child")).strip());
        job.cancel();
        assertEquals(State.STOPPED, job.await().state());
        boolean ends = ProcessHandle.of(child).map(h -> h.onExit().orTimeout(5, TimeUnit.SECONDS))
                .map(f -> f.handle((h, e) -> e == null).join()).orElse(true);
        assertTrue(ends, "the child still runs");
    }

    @Test
    void aJobIsAskedToStopWhenJavaEnds() throws Exception {
        Path request = JobRequest.of("train").build().write(temp.resolve("job"));
        PythonInterpreter python = FakePython.of(temp, START,
                "while [ ! -e stop ]; do sleep 0.05; done",
                "touch stopped");
        ProgramAnswer java = ProgramAnswer.of(Path.of(System.getProperty("java.home"), "bin",
                "java"), "-cp",
                System.getProperty("java.class.path"), JobAtExit.class.getName(),
                python.executable().toString(), request.toString());
        assertEquals(0, java.exitCode(), () -> String.join("\n", java.lines()));
        Path stopped = temp.resolve("job/stopped");
        for (int i = 0; i < 100 && !Files.exists(stopped); i++) {
            Thread.sleep(100);
        }
        assertTrue(Files.exists(stopped));
    }

    @Test
    void aStopThatComesTooLateIsNoStop() throws Exception {
        JobOutcome outcome = run(START, END);
        assertEquals(State.DONE, outcome.state());
        JobProcess again = start("touch ../seen; [ ! -e stop ] && " + END);
        assertEquals(State.DONE, again.await().state());
        again.stop();
        assertEquals(State.DONE, again.await().state());
        assertEquals(State.DONE, start("[ ! -e stop ] && " + END).await().state());
    }

    @Test
    void aJobThatHasEndedIsNotAskedToStop() throws Exception {
        JobProcess job = start(START, END);
        assertEquals(State.DONE, job.await().state());
        Path stop = job.folder().resolve(JobProcess.STOP_FILE);
        job.cancel();
        job.stop();
        assertFalse(Files.exists(stop));
    }

    @Test
    void aDamagedIndexIsAFailureNotAnEmptyResult() throws Exception {
        JobOutcome outcome = run("mkdir results; echo '{\"ima' > results/index.json", START, END);
        assertEquals(State.FAILED, outcome.state());
        assertTrue(outcome.message().contains("index.json"), outcome.message());
    }

    @Test
    void aProgramThatCannotBeStartedIsAnError() throws Exception {
        Path request = JobRequest.of("info").build().write(temp.resolve("job"));
        IOException error = org.junit.jupiter.api.Assertions.assertThrows(IOException.class,
                () -> JobProcess.start(new PythonInterpreter(temp.resolve("nothing")), request,
                        events::add));
        assertTrue(error.getMessage().startsWith("Python cannot be started"), error.getMessage());
        assertInstanceOf(IOException.class, error.getCause());
    }
}
