package org.fednano.runstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.fednano.files.FaultInjector;
import org.fednano.files.MemoryFolder;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A kill before each single file operation: the state is the one before or the one after, and no row doubles. */
class CommitKillTest {

    /** A kill: from the chosen step on nothing reaches the disk any more. */
    private static final class FakeKill implements FaultInjector {
        private int left;
        private boolean dead;

        FakeKill(int after) {
            left = after;
        }

        @Override
        public void before(String step, org.apache.hadoop.fs.Path path) throws IOException {
            if (dead || left-- == 0) {
                dead = true;
                throw new IOException("killed before " + step + " " + path);
            }
        }
    }

    @Test
    void aKillAtAnyStepOfABeginningRun(@TempDir(factory = MemoryFolder.class) Path folder) throws IOException {
        killAtEveryStep(Runs.Layer.LOCAL, folder, -1);
    }

    @Test
    void aKillAtAnyStepOfALaterRound(@TempDir(factory = MemoryFolder.class) Path folder) throws IOException {
        killAtEveryStep(Runs.Layer.LOCAL, folder, 0);
    }

    @Tag("slow")
    @ParameterizedTest
    @EnumSource(
            value = Runs.Layer.class,
            names = {"HDFS", "OBJECTS"})
    void aKillAtAnyStepOnOtherFileSystems(Runs.Layer layer, @TempDir(factory = MemoryFolder.class) Path folder)
            throws IOException {
        killAtEveryStep(layer, Files.createDirectory(folder.resolve("begin")), -1);
        killAtEveryStep(layer, Files.createDirectory(folder.resolve("later")), 0);
    }

    /** Kills {open, commit the round after {@code before}} at every step. */
    private static void killAtEveryStep(Runs.Layer layer, Path folder, int before) throws IOException {
        for (int step = 0; ; step++) {
            Path root = Files.createDirectory(folder.resolve("kill-" + step));
            if (before >= 0) {
                try (RunStore store = Runs.open(layer, root, FaultInjector.NONE)) {
                    train(store, before);
                }
            }
            FakeKill kill = new FakeKill(step);
            int known = before;
            try {
                RunStore store = Runs.open(layer, root, kill);
                train(store, before + 1);
                known = before + 1;
            } catch (IOException | UncheckedIOException e) {
                assertTrue(kill.dead, () -> "step " + e);
            }
            Runs.bury(root);
            if (step % 3 == 0) {
                killTheNextOneToo(layer, root, step / 3);
            }
            recover(layer, root, known, before + 1);
            if (!kill.dead) {
                assertTrue(step > 20, "steps: " + step);
                return;
            }
        }
    }

    private static void killTheNextOneToo(Runs.Layer layer, Path root, int step) throws IOException {
        try {
            Runs.open(layer, root, new FakeKill(step));
        } catch (IOException e) {
            assertTrue(e.getMessage().startsWith("killed"), e.toString());
        }
        Runs.bury(root);
    }

    private static void recover(Runs.Layer layer, Path root, int known, int target) throws IOException {
        try (RunStore store = Runs.open(layer, root, FaultInjector.NONE)) {
            int last = store.lastCommitted().orElse(-1);
            assertTrue(last >= known && last <= target, "last committed: " + last);
            evaluate(store);
            assertEquals(last < 0 ? Map.of() : Runs.expectedSmall(last), Runs.published(root));
            assertFalse(Files.exists(root.resolve("run/staging")), "leftovers of the killed call");
            train(store, target);
        }
        assertEquals(Runs.expectedSmall(target), Runs.published(root));
        assertEquals(target + 1, Runs.reader(root).rounds().size());
        assertEquals(
                Runs.adapter(target).sha256(), Runs.reader(root).adapter(target).sha256());
    }

    private static void train(RunStore store, int upTo) {
        for (int round = store.lastCommitted().orElse(-1) + 1; round <= upTo; round++) {
            evaluate(store);
            store.commit(Runs.small(round));
        }
        evaluate(store);
    }

    private static void evaluate(RunStore store) {
        store.evaluationDue().ifPresent(round -> store.publishEvaluation(Runs.smallEvaluation(round)));
    }

    @Test
    void aWriterThatLostItsLeaseJustBeforePublishingCommitsNothing(@TempDir Path root) throws IOException {
        RunStore[] second = new RunStore[1];
        FaultInjector hook = (step, path) -> {
            if (step.equals("rename") && path.toString().endsWith("rounds/00000") && second[0] == null) {
                // The first writer was paused here for so long that a second one took over and committed.
                Runs.age(root);
                second[0] = Runs.open(root);
                second[0].commit(Runs.result(0));
            }
        };
        RunStore first = RunStore.open(Runs.spec(root), Runs.HADOOP, Runs.QUIET, hook);
        JobException e = assertThrows(JobException.class, () -> first.commit(Runs.result(0)));
        assertEquals(ExitStatus.RUN_HELD, e.status());
        assertTrue(e.getMessage().contains("committed by another writer"), e.getMessage());
        first.close();
        second[0].checkHeld();
        Runs.train(second[0], 1);
        second[0].close();
        assertEquals(Runs.expected(1), Runs.published(root));
    }
}
