package org.fednano.llm.server;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.fednano.adapter.AdapterLayout;
import org.fednano.adapter.CodeGradients.Wanted;
import org.fednano.adapter.CodedAdapters;
import org.fednano.llm.CodedLoss;
import org.fednano.llm.LlmCall;
import org.fednano.llm.oip.proto.ModelInferRequest;
import org.fednano.llm.wire.Requests;
import org.fednano.llm.wire.StoreCall;
import org.fednano.llm.wire.WireType;
import org.fednano.sample.CodedPrompts;
import org.fednano.sample.FeatureBatch;
import org.fednano.sample.Features;
import org.fednano.sample.PromptFeatures;

/** Sound requests of the contract's second version: every operation, on features that come again and on new ones. */
final class CodedSound {

    private static final int KNOWN = 20;

    private final String run;
    private final String fingerprint;
    private final int hidden;
    private final int vocabulary;
    private final List<PromptFeatures> known;

    CodedSound(String run, Malformed.Target target) {
        this.run = run;
        fingerprint = target.fingerprint();
        hidden = target.hidden();
        vocabulary = target.vocabulary();
        CodedRequests requests = new CodedRequests(1, hidden, vocabulary);
        known = IntStream.range(0, KNOWN).mapToObj(i -> requests.sample()).toList();
    }

    ModelInferRequest request(Random r) {
        CodedRequests requests = new CodedRequests(r.nextLong(), hidden, vocabulary);
        return switch (r.nextInt(10)) {
            case 0 -> store(new StoreCall.Have(
                    run, some(r).stream().map(this::features).map(Features::id).toList()));
            case 1, 2 -> put(some(r));
            case 3 -> putNew(r);
            case 4 -> store(new StoreCall.Drop(r.nextInt(10) == 0 ? run : "a-run-that-never-was"));
            default -> call(requests, r);
        };
    }

    private ModelInferRequest call(CodedRequests requests, Random r) {
        AdapterLayout layout = requests.layout();
        FeatureBatch batch = FeatureBatch.of(some(r), hidden);
        CodedPrompts prompts = new CodedAdapters(layout).forward(requests.theta(layout), batch);
        return of(
                switch (r.nextInt(4)) {
                    case 0 -> new CodedLoss(prompts, batch.answers());
                    case 1 -> new LlmCall.Score(prompts, choices(requests, batch.size()));
                    case 2 -> new LlmCall.Generate(prompts, 2);
                    default -> new CodedLoss(prompts, batch.answers(), 16, Wanted.values()[r.nextInt(3)]);
                });
    }

    private static int[][][] choices(CodedRequests requests, int size) {
        int[][][] choices = new int[size][][];
        for (int b = 0; b < size; b++) {
            choices[b] = new int[][] {requests.ids(2), requests.ids(1)};
        }
        return choices;
    }

    /** One that uses all that it puts by {@link #putAll}. */
    ModelInferRequest lossOfAll() {
        CodedRequests requests = new CodedRequests(2, hidden, vocabulary);
        AdapterLayout layout = AdapterLayout.of("both", hidden, 3, 6);
        FeatureBatch batch = FeatureBatch.of(known.subList(0, 4), hidden);
        return of(new CodedLoss(
                new CodedAdapters(layout).forward(requests.theta(layout), batch), batch.answers(), 16, Wanted.SUM));
    }

    ModelInferRequest putAll() {
        return put(known.subList(0, 4));
    }

    /** Features that nobody has seen. */
    ModelInferRequest putNew(Random r) {
        CodedRequests requests = new CodedRequests(r.nextLong(), hidden, vocabulary);
        return put(List.of(requests.sample(), requests.sample()));
    }

    /** Features that are not those that their hashes name. */
    ModelInferRequest mismatch(Random r) {
        ModelInferRequest sound = put(some(r));
        byte[] x = sound.getRawInputContents(3).toByteArray();
        x[r.nextInt(x.length)] ^= 1;
        return sound.toBuilder().setRawInputContents(3, ByteString.copyFrom(x)).build();
    }

    private ModelInferRequest put(List<PromptFeatures> samples) {
        return store(new StoreCall.Put(run, samples.stream().map(this::features).toList()));
    }

    private ModelInferRequest store(StoreCall call) {
        return Requests.store(Caller.MODEL, fingerprint, call);
    }

    private ModelInferRequest of(LlmCall<?> call) {
        return Requests.of(Caller.MODEL, fingerprint, call, WireType.FP32, run);
    }

    private Features features(PromptFeatures sample) {
        return Features.of(sample.embeds(), sample.modality(), hidden);
    }

    private List<PromptFeatures> some(Random r) {
        List<PromptFeatures> some = new ArrayList<>();
        for (int n = r.nextInt(3); n >= 0; n--) {
            some.add(known.get(r.nextInt(KNOWN)));
        }
        return some;
    }
}
