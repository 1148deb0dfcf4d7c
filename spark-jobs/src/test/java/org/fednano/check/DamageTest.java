package org.fednano.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.fednano.files.MemoryFolder;
import org.fednano.runstore.Runs;
import org.fednano.settings.JobException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each file of a finished run is damaged in turn, in every way: each time it is named, and what can be mended is mended. */
class DamageTest {

    @TempDir(factory = MemoryFolder.class)
    Path root;

    private Map<String, byte[]> sound;
    private Map<String, String> tables;

    @BeforeEach
    void aFinishedRun() throws IOException {
        FinishedRun.make(root);
        sound = new TreeMap<>();
        for (String name : FinishedRun.files(root)) {
            sound.put(name, Files.readAllBytes(root.resolve(name)));
        }
        tables = Runs.published(root);
    }

    @Test
    void aSoundRunIsSoundAndIsLeftAlone() {
        Checkup checkup = FinishedRun.check(root).look();
        assertEquals(List.of(), checkup.findings());
        assertEquals(3, checkup.rounds());
        assertEquals(tables.size(), checkup.compared());
        assertEquals(0, checkup.unrecorded());
        assertEquals(sound.keySet(), FinishedRun.files(root));
    }

    @Test
    void everyDamageOfEveryFileIsNamed() throws IOException {
        for (String name : sound.keySet()) {
            for (Map.Entry<String, byte[]> damage : damages(name, 12).entrySet()) {
                damage(name, damage.getValue());
                assertNamed(name, damage.getKey());
                restore();
            }
        }
    }

    @Tag("slow")
    @Test
    void whatTheRunKnowsIsMendedAndTheTablesAreTheSameAgain() throws IOException {
        int mended = 0;
        for (String name : sound.keySet()) {
            for (Map.Entry<String, byte[]> damage : damages(name, 2).entrySet()) {
                boolean table = name.startsWith("metrics/");
                damage(name, damage.getValue());
                RunCheck check = FinishedRun.check(root);
                if (!Files.exists(root.resolve("run/run.json"))) {
                    restore();
                    continue;
                }
                Checkup broken = check.look();
                boolean mendable =
                        !broken.isSound() && broken.findings().stream().allMatch(Finding::isRepairable);
                assertTrue(mendable || !table, name + ", " + damage.getKey() + ": " + broken.findings());
                if (mendable) {
                    Checkup after = check.repair(broken, f -> {});
                    assertEquals(List.of(), after.findings(), name + ", " + damage.getKey());
                    assertEquals(tables, Runs.published(root), name + ", " + damage.getKey());
                    mended++;
                }
                restore();
            }
        }
        assertTrue(mended > 100, "mended: " + mended);
    }

    private void assertNamed(String name, String damage) {
        String said;
        try {
            Checkup checkup = FinishedRun.check(root).look();
            said = checkup.findings().toString();
            assertFalse(checkup.isSound(), name + ", " + damage);
        } catch (JobException e) {
            said = e.getMessage();
        }
        String expected =
                name.startsWith("run/") ? name.substring(4) : root.resolve(name).toString();
        boolean copy = name.contains("/published/") && damage.equals("deleted");
        // Of rows that were measured later the copy's name is the only record.
        String instead = copy
                ? name.replaceFirst(".*/0000(.)/published/(.*?)-(part-.*)-[0-9a-f]{64}", "$2/run_id=run/round=$1/$3")
                : expected;
        assertTrue(said.contains(expected) || said.contains(instead), name + ", " + damage + ": " + said);
    }

    /** Ways to damage a file, with what its content is then; null: it is deleted. */
    private Map<String, byte[]> damages(String name, int flips) throws IOException {
        byte[] whole = sound.get(name);
        Map<String, byte[]> damages = new TreeMap<>();
        damages.put("truncated", Arrays.copyOf(whole, whole.length / 2));
        damages.put("emptied", new byte[0]);
        damages.put("longer", Arrays.copyOf(whole, whole.length + 7));
        // What a call leaves for schedulers and other writers need not be there.
        if (!name.equals("run/last.json") && !name.startsWith("run/lease/")) {
            damages.put("deleted", null);
        }
        Path other = FinishedRun.ofAnotherRound(root, name);
        if (other != null && !Arrays.equals(Files.readAllBytes(other), whole)) {
            damages.put("swapped", Files.readAllBytes(other));
        }
        SplittableRandom places = new SplittableRandom(name.hashCode());
        for (int i = 0; i < flips; i++) {
            byte[] flipped = whole.clone();
            int at = places.nextInt(whole.length);
            flipped[at] ^= (byte) (1 << places.nextInt(8));
            damages.put("bit flipped in byte " + at, flipped);
        }
        return damages;
    }

    private void damage(String name, byte[] content) throws IOException {
        if (content == null) {
            Files.delete(root.resolve(name));
        } else {
            Files.write(root.resolve(name), content);
        }
    }

    private void restore() throws IOException {
        List<String> strangers = new ArrayList<>(FinishedRun.files(root));
        strangers.removeAll(sound.keySet());
        for (String name : strangers) {
            Files.delete(root.resolve(name));
        }
        for (Map.Entry<String, byte[]> file : sound.entrySet()) {
            Files.createDirectories(root.resolve(file.getKey()).getParent());
            Files.write(root.resolve(file.getKey()), file.getValue());
        }
    }
}
