package org.fednano.align;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;
import org.apache.hadoop.conf.Configuration;
import org.fednano.digest.Sha256;
import org.fednano.encoder.ModalityEncoder;
import org.fednano.random.Seeds;
import org.fednano.sample.Medium;
import org.fednano.sample.Sample;
import org.fednano.sample.Split;
import org.fednano.settings.AlignKeys;
import org.fednano.settings.JobException;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.Settings;
import org.fednano.shards.SharedShards;

/** Captioned samples of some clients, each medium encoded once, in a part to train on and a part to validate on. */
final class AlignData implements AutoCloseable {

    private final Settings settings;
    private final AlignPrompts prompts;
    private final ModalityEncoder encoder;
    private final FeatureScratch features;
    private final Map<String, Integer> places = new HashMap<>(); // of a medium's SHA-256
    private final List<AlignSample> train = new ArrayList<>();
    private final List<AlignSample> held = new ArrayList<>();

    private final List<Sample> waiting = new ArrayList<>();
    private final Map<String, Medium> unseen = new LinkedHashMap<>(); // of waiting samples, by SHA-256
    private final Map<String, String> whose = new HashMap<>(); // of those, for messages

    private AlignData(Settings settings, AlignPrompts prompts, ModalityEncoder encoder) {
        this.settings = settings;
        this.prompts = prompts;
        this.encoder = encoder;
        features = new FeatureScratch(encoder.tokens() * encoder.hidden());
    }

    /**
     * Reads and encodes.
     *
     * @throws JobException with status 3 if a row cannot be used, or a part would be empty
     */
    static AlignData read(
            SharedShards shards,
            Collection<String> clients,
            Configuration hadoop,
            Settings settings,
            AlignPrompts prompts,
            ModalityEncoder encoder) {
        AlignData data = new AlignData(settings, prompts, encoder);
        try {
            boolean own = false; // rows of split=val
            for (String client : clients) {
                shards.rows(hadoop, client).read(Split.VAL, data.reader(sample -> true));
                data.encodeWaiting(sample -> true);
                own |= !data.held.isEmpty();
            }
            Predicate<Sample> isHeld = own ? sample -> false : data::drawn;
            for (String client : clients) {
                shards.rows(hadoop, client).read(Split.TRAIN, data.reader(isHeld));
                data.encodeWaiting(isHeld);
            }
            data.requireBoth(shards);
            return data;
        } catch (RuntimeException | Error e) {
            data.close();
            throw e;
        }
    }

    private Predicate<Sample> reader(Predicate<Sample> isHeld) {
        return sample -> {
            prompts.require(sample);
            waiting.add(sample);
            for (Medium medium : sample.media()) {
                String digest = Sha256.of(medium.bytes());
                if (!places.containsKey(digest) && unseen.putIfAbsent(digest, medium) == null) {
                    whose.put(digest, sample.sampleId());
                }
            }
            if (unseen.size() >= settings.get(ModelKeys.ENCODER_BATCH)) {
                encodeWaiting(isHeld);
            }
            return true;
        };
    }

    /** By the picture: the same one never lies on both sides. */
    private boolean drawn(Sample sample) {
        String digest = Sha256.of(sample.media().get(0).bytes());
        long bits = Seeds.mix(settings.get(AlignKeys.SEED), 0, "held/" + digest) >>> 11;
        return bits * 0x1p-53 < settings.get(AlignKeys.VALIDATION);
    }

    private void encodeWaiting(Predicate<Sample> isHeld) {
        int batch = settings.get(ModelKeys.ENCODER_BATCH);
        List<Map.Entry<String, Medium>> media = new ArrayList<>(unseen.entrySet());
        for (int from = 0; from < media.size(); from += batch) {
            encode(media.subList(from, Math.min(from + batch, media.size())), batch);
        }
        for (Sample sample : waiting) {
            int[] at = sample.media().stream()
                    .mapToInt(m -> places.get(Sha256.of(m.bytes())))
                    .toArray();
            (isHeld.test(sample) ? held : train).add(prompts.sample(sample, at));
        }
        waiting.clear();
        unseen.clear();
        whose.clear();
    }

    private void encode(List<Map.Entry<String, Medium>> media, int batch) {
        float[] inputs = new float[Math.multiplyExact(batch, encoder.inputSize())];
        for (int i = 0; i < media.size(); i++) {
            encoder.prepare(
                    media.get(i).getValue().bytes(),
                    "sample " + whose.get(media.get(i).getKey()),
                    inputs,
                    i * encoder.inputSize());
        }
        float[] encoded = encoder.encode(inputs, media.size());
        for (int i = 0; i < media.size(); i++) {
            places.put(media.get(i).getKey(), features.add(encoded, i * encoder.tokens() * encoder.hidden()));
        }
    }

    private void requireBoth(SharedShards shards) {
        if (train.isEmpty() || held.isEmpty()) {
            throw JobException.badInput("Rows to train on and rows to validate on expected in " + shards.uri()
                    + ": found " + train.size() + " and " + held.size() + ". Give it more rows or rows in split=val, or"
                    + " change align.validation (" + settings.get(AlignKeys.VALIDATION) + ").");
        }
        int most = settings.get(AlignKeys.VALIDATION_SAMPLES);
        int[] kept =
                Seeds.draw(held.size(), most, new Random(Seeds.mix(settings.get(AlignKeys.SEED), 0, "validation")));
        List<AlignSample> some = new ArrayList<>();
        for (int i : kept) {
            some.add(held.get(i));
        }
        held.clear();
        held.addAll(some);
    }

    List<AlignSample> train() {
        return train;
    }

    /** At most {@code align.validation_samples}. */
    List<AlignSample> held() {
        return held;
    }

    /** Distinct media. */
    int media() {
        return places.size();
    }

    /** Features (media·N, D) of a sample's media, in their order. */
    float[] features(AlignSample sample) {
        int size = encoder.tokens() * encoder.hidden();
        float[] all = new float[sample.media().length * size];
        for (int m = 0; m < sample.media().length; m++) {
            features.read(sample.media()[m], all, m * size);
        }
        return all;
    }

    @Override
    public void close() {
        features.close();
    }
}
