package org.fednano.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A scheduler's SIGTERM, and a second call meanwhile: {@code last.json} tells the first and not the second. */
@Tag("slow")
class StoppedCallTest {

    @TempDir
    Path folder;

    @Test
    void aStoppedCallLeavesItsWordAndTheRunFree() throws IOException, InterruptedException {
        CommandLine fednano = new CommandLine();
        TinyFederation federation = TinyFederation.in(folder, 100_000);
        Path log = folder.resolve("stopped.log");
        Process process = fednano.start(log, federation.train("stopped", "eval.every=1"));
        for (int i = 0; !Files.readString(log).contains(" 2/100000 "); i++) {
            String soFar = Files.readString(log);
            assertFalse(i > 3000 || process.waitFor(100, TimeUnit.MILLISECONDS), soFar);
        }
        Path last = folder.resolve("stopped/run/last.json");
        fednano.run(federation.train("stopped")).expect(6);
        assertFalse(Files.exists(last), "the one that runs has not had its word");

        process.destroy();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        JsonNode said = JsonMapper.builder().build().readTree(last.toFile());
        assertEquals(143, process.exitValue());
        assertEquals(143, said.path("exit_code").asInt(), said::toString);
        assertTrue(said.path("message").asText().startsWith("stopped by a signal"), said::toString);
        assertTrue(said.path("last_round").asInt() >= 2, said::toString);
        assertTrue(said.path("accuracy").isNumber(), said::toString);

        fednano.run(federation.train("stopped", "run.rounds=many")).expect(2).saying("run.rounds");
        said = JsonMapper.builder().build().readTree(last.toFile());
        assertEquals(2, said.path("exit_code").asInt(), said::toString);
        assertTrue(said.path("accuracy").isNumber(), said::toString);
        fednano.run("round", "--set", "run.dir=" + folder.resolve("stopped/run"), "--sets", "x")
                .expect(2);
        said = JsonMapper.builder().build().readTree(last.toFile());
        assertTrue(said.path("message").asText().contains("--sets"), said::toString);

        fednano.run(federation.train("stopped", "run.rounds=1")).expect(0);
        fednano.run("check", folder.resolve("stopped/run").toString()).expect(0).saying("all sound");
    }
}
