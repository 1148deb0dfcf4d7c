package org.fednano.runstore;

import java.util.Map;
import org.fednano.settings.Settings;

/**
 * What a call wants of a run folder: it is written to {@code run.json} when the run starts and compared with it after.
 *
 * @param settings the call's settings: {@code run.dir}, {@code run.metrics_dir} and {@code run.id} say where, the
 *     method's keys must be those of the run
 * @param fingerprints model, encoder and shards
 * @param versions what computes, as {@link Provenance#collect()} gives it
 */
public record RunSpec(Settings settings, Fingerprints fingerprints, Map<String, String> versions) {}
