package org.fednano.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.fednano.algorithm.RoundClosedException;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.junit.jupiter.api.Test;

class GatewayTest {

    private static final int HIDDEN = 4;

    private final AtomicLong clock = new AtomicLong();
    private final FakeLlm llm = new FakeLlm();
    private final Gateway gateway = new Gateway(
            llm, new GatewayOptions(Duration.ofSeconds(10), 1 << 20, 4, false, 0, Duration.ZERO), clock::get);

    /** Answers zeros; every gradient call takes two seconds of the test's clock. */
    private final class FakeLlm implements FrozenLlm {
        @Override
        public LlmInfo info() {
            return new LlmInfo(
                    "fake",
                    "f",
                    HIDDEN,
                    8,
                    1,
                    "FP32",
                    new LlmInfo.Limits(1000, 1 << 20),
                    new LlmInfo.Probe(new int[] {1}, new int[] {2}, 1f));
        }

        @Override
        public float[] embed(int[] ids) {
            return new float[ids.length * HIDDEN];
        }

        @Override
        public Result lossGradient(PromptBatch prompts, TokenBatch answers, float gradScale) {
            clock.addAndGet(2_000_000_000L);
            return new Result(new float[prompts.size()], new int[prompts.size()], new float[prompts.embeds().length]);
        }

        @Override
        public Result loss(PromptBatch prompts, TokenBatch answers) {
            return lossGradient(prompts, answers, 1);
        }

        @Override
        public Scores score(PromptBatch prompts, int[][][] choices) {
            return new Scores(new double[prompts.size()][1], new int[prompts.size()][1]);
        }

        @Override
        public int[][] generate(PromptBatch prompts, int maxNew) {
            return new int[prompts.size()][maxNew];
        }

        @Override
        public void close() {}
    }

    /** Two samples of 3 and 1 tokens, padded to 3. */
    private static PromptBatch prompts() {
        return new PromptBatch(new float[2 * 3 * HIDDEN], new int[] {3, 1}, 3, HIDDEN);
    }

    private static TokenBatch answers() {
        return new TokenBatch(new int[] {5, 3, 3, TokenBatch.PAD}, 2);
    }

    @Test
    void countsRealTokensOfEachClientBothWays() {
        gateway.begin(Purpose.TRAIN, 1, ConcurrentCallers.COHORT);
        FrozenLlm a = gateway.address().open(gateway.pass(Purpose.TRAIN, 1, "a"));
        FrozenLlm b = gateway.address().open(gateway.pass(Purpose.TRAIN, 1, "b"));
        a.lossGradient(prompts(), answers(), 1);
        a.lossGradient(prompts(), answers(), 1);
        b.embed(new int[] {1, 2, 3});
        Map<String, Traffic> traffic = gateway.end(Purpose.TRAIN, 1);
        long embeds = 4 * HIDDEN * 4; // four real tokens of H float32
        assertEquals(
                new Traffic(2 * (embeds + 4 * 3), 0, 0, 2 * (embeds + 8 * 2), 0, 4, 4.0, 0),
                traffic.get("a").in(4.0, 0));
        assertEquals(
                new Traffic(12, 0, 0, 0, 3 * HIDDEN * 4, 0, 0, 0),
                traffic.get("b").in(0, 0));
        assertEquals(4.0, traffic.get("a").seconds());
        assertEquals(Map.of(), gateway.end(Purpose.TRAIN, 1), "an ended round is forgotten");
    }

    @Test
    void aClientIsToldWhenItsOwnTimeIsOver() {
        gateway.begin(Purpose.TRAIN, 1, ConcurrentCallers.COHORT);
        FrozenLlm early = gateway.address().open(gateway.pass(Purpose.TRAIN, 1, "early"));
        for (int i = 0; i < 5; i++) {
            early.lossGradient(prompts(), answers(), 1);
        }
        FrozenLlm late = gateway.address().open(gateway.pass(Purpose.TRAIN, 1, "late"));
        clock.addAndGet(1);
        RoundClosedException e =
                assertThrows(RoundClosedException.class, () -> early.lossGradient(prompts(), answers(), 1));
        assertTrue(e.getMessage().contains("gateway.client_deadline"), e.getMessage());
        late.lossGradient(prompts(), answers(), 1);
        assertEquals(
                Map.of("early", Duration.ofNanos(12_000_000_001L), "late", Duration.ofNanos(2_000_000_001L)),
                gateway.started(Purpose.TRAIN, 1));
    }

    @Test
    void onlyTheDriversOwnKnowledgeGivesAClientMoreTime() {
        gateway.begin(Purpose.TRAIN, 1, ConcurrentCallers.COHORT);
        GatewayPass pass = gateway.pass(Purpose.TRAIN, 1, "a");
        FrozenLlm first = gateway.address().open(pass);
        clock.addAndGet(Duration.ofSeconds(9).toNanos());
        FrozenLlm second = gateway.address().open(pass.of(1));
        clock.addAndGet(Duration.ofSeconds(2).toNanos());
        assertThrows(RoundClosedException.class, first::info);
        assertThrows(RoundClosedException.class, second::info, "a new session is no new time");
        gateway.lost(Purpose.TRAIN, 1, "a");
        second.info();
        assertThrows(RoundClosedException.class, first::info);
        assertEquals(Map.of("a", Duration.ofSeconds(2)), gateway.started(Purpose.TRAIN, 1));
        clock.addAndGet(Duration.ofSeconds(9).toNanos());
        assertThrows(RoundClosedException.class, second::info);
    }

    @Test
    void evaluationHasNoDeadlineAndARoundThatIsOverTakesNoCalls() {
        gateway.begin(Purpose.EVALUATE, 3, ConcurrentCallers.COHORT);
        FrozenLlm session = gateway.address().open(gateway.pass(Purpose.EVALUATE, 3, "a"));
        clock.addAndGet(Duration.ofHours(10).toNanos());
        session.generate(prompts(), 2);
        gateway.end(Purpose.EVALUATE, 3);
        assertThrows(RoundClosedException.class, () -> session.generate(prompts(), 2));
        assertThrows(RoundClosedException.class, () -> gateway.address().open(gateway.pass(Purpose.EVALUATE, 3, "a")));
    }

    @Test
    void whoAsksForAGradientNeverGetsNone() {
        gateway.begin(Purpose.TRAIN, 1, ConcurrentCallers.COHORT);
        FrozenLlm a = gateway.address().open(gateway.pass(Purpose.TRAIN, 1, "a"));
        assertThrows(LlmException.class, () -> a.lossGradient(prompts(), answers(), 0));
    }

    @Test
    void aClientThatComesWhileItsRoundEndsIsNotLetIn() {
        Gateway[] ending = new Gateway[1];
        ending[0] = new Gateway(
                llm, new GatewayOptions(Duration.ofSeconds(10), 1 << 20, 4, false, 0, Duration.ZERO), () -> {
                    ending[0].end(Purpose.TRAIN, 1); // asked for the time while it makes the client's meter
                    return 0;
                });
        ending[0].begin(Purpose.TRAIN, 1, ConcurrentCallers.COHORT);
        assertThrows(RoundClosedException.class, () -> ending[0].address().open(ending[0].pass(Purpose.TRAIN, 1, "a")));
        ending[0].close();
    }

    @Test
    void aGatewayThatIsGoneOrAWrongTokenIsStatusFive() {
        GatewayAddress address = gateway.address();
        gateway.close();
        JobException gone = assertThrows(JobException.class, () -> address.open(gateway.pass(Purpose.TRAIN, 1, "a")));
        assertEquals(ExitStatus.ENDPOINT_UNAVAILABLE, gone.status());
        assertThrows(JobException.class, () -> new GatewayAddress.InProcess("guess")
                .open(gateway.pass(Purpose.TRAIN, 1, "a")));
    }
}
