package org.fednano.llm.check;

import static org.fednano.llm.check.FakeFaultyEndpoint.controlled;
import static org.fednano.llm.check.FakeFaultyEndpoint.floats;
import static org.fednano.llm.check.FakeFaultyEndpoint.isSecond;
import static org.fednano.llm.check.FakeFaultyEndpoint.op;
import static org.fednano.llm.check.FakeFaultyEndpoint.raw;
import static org.fednano.llm.check.FakeFaultyEndpoint.with;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.check.Row.Verdict;
import org.fednano.llm.client.OipOptions;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.llm.model.TinyDecoder;
import org.fednano.llm.oip.proto.ModelInferRequest;
import org.fednano.llm.oip.proto.ModelInferResponse;
import org.fednano.llm.server.Backend;
import org.fednano.llm.server.LlmServer;
import org.fednano.llm.store.FeatureStore;
import org.fednano.llm.wire.WireType;
import org.fednano.sample.Features;
import org.fednano.weights.TensorSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A server whose second version has a fault fails in the rows that are about it, in no other, and each says why. */
@Tag("slow")
class FaultyVersionTwoTest {

    private static final String LOSS = "version 2: loss is that of version 1";
    private static final String SUMS = "version 2: gradients are those of version 1, sums";
    private static final String SQUARES = "version 2: gradients are those of version 1, squares";
    private static final String EACH = "version 2: gradients are those of version 1, each sample's own";
    private static final String SCORE = "version 2: score is that of version 1";
    private static final String ONCE = "version 2: features travel once";
    private static final String PUT = "version 2: put, then held";
    private static final String MISSED = "version 2: features that are not held are missed";
    private static final String SECRET = "version 2: held under their run's secret alone";
    private static final String HASH = "version 2, refused: a hash that does not fit";
    private static final String SHORT_CODES = "version 2, refused: codes shorter than the features";
    private static final String NO_RUN = "version 2, refused: no run";
    private static final String DROPPED = "version 2: dropped, then missed";

    private static EmbeddedLlm llm;
    private static LlmServer server;

    @BeforeAll
    static void open() {
        llm = new EmbeddedLlm(
                "tiny",
                "0123456789abcdef".repeat(4),
                TinyDecoder.PLAIN,
                TensorSource.of(TinyDecoder.weights(TinyDecoder.PLAIN, 1)));
        LlmServer.Options options = LlmServer.Options.on(
                        "127.0.0.1",
                        0,
                        "frozen_llm",
                        WireType.FP32,
                        new LlmInfo.Limits(4096, 16 << 20),
                        new LlmServer.Load(16, 64 << 20, 2))
                .withFeatures(new FeatureStore.Limits(1 << 20, 0, null, Duration.ofHours(1)));
        server = LlmServer.start(options, Backend.of(llm));
    }

    @AfterAll
    static void close() {
        server.close();
        llm.close();
    }

    /** What must be red. Rows whose fault others hide are not: a call that is missed is made by version 1. */
    private static void red(
            UnaryOperator<ModelInferRequest> there, UnaryOperator<ModelInferResponse> back, String... rows) {
        try (FakeFaultyEndpoint faulty = new FakeFaultyEndpoint(server.port(), there, back)) {
            Report report = EndpointCheck.run(OipOptions.to(faulty.address()), Duration.ZERO);
            List<Row> failed = report.rows().stream()
                    .filter(row -> row.verdict() == Verdict.FAIL)
                    .toList();
            assertEquals(
                    new TreeSet<>(Set.of(rows)),
                    failed.stream().map(Row::name).collect(Collectors.toCollection(TreeSet::new)),
                    report.table());
            for (Row row : failed) {
                assertFalse(row.note().isBlank(), row.name());
                assertTrue(report.table().contains("fail: " + row.name() + ": " + row.note()), report.table());
            }
            assertFalse(report.passed() && rows.length > 0);
        }
    }

    @Test
    void withoutAFaultNoneIsRed() {
        red(UnaryOperator.identity(), UnaryOperator.identity());
    }

    /** Whoever asks is served what any run has put. */
    @Test
    void anotherRunsFeaturesAreServed() {
        red(
                request -> controlled(request, c -> c.put("run", "the-same-for-everybody")),
                UnaryOperator.identity(),
                SECRET,
                NO_RUN);
    }

    /** A put is taken by whatever name it has. */
    @Test
    void theHashIsIgnored() {
        red(FaultyVersionTwoTest::named, UnaryOperator.identity(), HASH);
    }

    /** Gives features the names that their bytes have. */
    private static ModelInferRequest named(ModelInferRequest request) {
        if (!op(request).equals("put")) {
            return request;
        }
        int[] rows = ints(raw(request, "rows"));
        int hidden = llm.info().hidden();
        float[] x = new float[raw(request, "x").size() / 4];
        raw(request, "x")
                .asReadOnlyByteBuffer()
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer()
                .get(x);
        int[] modality = ints(raw(request, "modality"));
        ByteArrayOutputStream names = new ByteArrayOutputStream();
        int at = 0;
        for (int n : rows) {
            byte[] of = new byte[n];
            for (int t = 0; t < n; t++) {
                of[t] = (byte) modality[at + t];
            }
            float[] some = Arrays.copyOfRange(x, at * hidden, (at + n) * hidden);
            names.writeBytes(HexFormat.of().parseHex(Features.idOf(some, of, hidden)));
            at += n;
        }
        return with(request, "refs", ByteString.copyFrom(names.toByteArray()));
    }

    private static int[] ints(ByteString raw) {
        int[] values = new int[raw.size() / 4];
        raw.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(values);
        return values;
    }

    @Test
    void gradientsOfCodesAreWrong() {
        red(UnaryOperator.identity(), wrong("dcodes"), SUMS, SQUARES, EACH);
    }

    @Test
    void theSumOfWupsGradientsIsWrong() {
        red(UnaryOperator.identity(), wrong("dup"), SUMS, SQUARES);
    }

    @Test
    void theSquaresAreWrong() {
        red(UnaryOperator.identity(), wrong("dup_sq"), SQUARES);
    }

    @Test
    void aSamplesOwnGradientsAreWrong() {
        red(UnaryOperator.identity(), wrong("dup_each"), EACH);
    }

    /** By a hundredth of its largest value, in one place alone. */
    private static UnaryOperator<ModelInferResponse> wrong(String tensor) {
        return response -> floats(response, tensor, values -> {
            int largest = 0;
            for (int i = 0; i < values.length; i++) {
                largest = Math.abs(values[i]) > Math.abs(values[largest]) ? i : largest;
            }
            values[largest] *= 1.01f;
        });
    }

    /** Another adapter than the caller's: its scale is taken for 1. */
    @Test
    void theScaleIsIgnored() {
        red(
                request -> controlled(request, c -> {
                    if (c.has("scale")) {
                        c.put("scale", 1);
                    }
                }),
                UnaryOperator.identity(),
                LOSS,
                SUMS,
                SQUARES,
                EACH,
                SCORE);
    }

    /** The second sample is served the first one's features. */
    @Test
    void featuresAreMixedUp() {
        red(
                request -> {
                    ByteString refs = raw(request, "refs");
                    boolean call = isSecond(request) && raw(request, "codes") != null;
                    return call
                            ? with(
                                    request,
                                    "refs",
                                    refs.substring(0, 32)
                                            .concat(refs.substring(0, 32))
                                            .concat(refs.substring(64)))
                            : request;
                },
                UnaryOperator.identity(),
                LOSS,
                SUMS,
                SQUARES,
                EACH,
                SCORE);
    }

    /** Forgets at once: it says that it holds what it does not, and misses it where something else is wrong, too. */
    @Test
    void nothingIsKept() {
        red(
                request -> controlled(request, c -> c.put("run", "forgotten-" + UUID.randomUUID())),
                UnaryOperator.identity(),
                ONCE,
                PUT,
                NO_RUN,
                SHORT_CODES);
    }

    /** A run's features stay when it is over, so that what one check left is there when the next one begins. */
    @Test
    void dropIsIgnored() {
        UnaryOperator<ModelInferRequest> another = request -> op(request).equals("drop")
                ? controlled(request, c -> c.put("run", "of-somebody-else-entirely"))
                : request;
        red(another, UnaryOperator.identity(), DROPPED);
        red(another, UnaryOperator.identity(), DROPPED, MISSED);
    }
}
