package org.fednano.check;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a look at a run has shown.
 *
 * @param folder the run folder, a URI
 * @param metrics METRICS, a URI
 * @param rounds committed rounds
 * @param compared metric files that were compared with a checksum
 * @param unrecorded metric files of earlier versions, which recorded no checksum; they can be read
 * @param held whether another call writes to the run; its last round was left out then
 * @param findings what is broken
 */
public record Checkup(
        String folder, String metrics, int rounds, int compared, int unrecorded, boolean held, List<Finding> findings) {

    public Checkup {
        findings = List.copyOf(findings);
    }

    public boolean isSound() {
        return findings.isEmpty();
    }

    /** Leaves out what another look did not find broken: it was being replaced. */
    Checkup confirmedBy(Checkup later) {
        Set<String> still = later.findings.stream().map(Finding::where).collect(Collectors.toSet());
        List<Finding> both =
                findings.stream().filter(f -> still.contains(f.where())).toList();
        return new Checkup(folder, metrics, rounds, compared, unrecorded, held, both);
    }
}
