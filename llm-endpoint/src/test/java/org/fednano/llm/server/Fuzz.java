package org.fednano.llm.server;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.fednano.llm.LlmCall;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.Reason;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.llm.model.TinyDecoder;
import org.fednano.llm.wire.GrpcStatuses;
import org.fednano.llm.wire.WireType;
import org.fednano.testing.Eventually;

/**
 * Sends malformed requests to a real server with a small real LLM, several at a time, a sound one now and then, and looks
 * at every answer and at the memory. Can be run by hand: {@code Fuzz [requests [seed]]}.
 */
final class Fuzz {

    private static final int IN_FLIGHT = 32;

    /** One in so many is sound, and must be answered with the same bytes as before it all began. */
    private static final int SOUND = 500;

    /**
     * @param requests malformed ones sent
     * @param kinds of them
     * @param wrong what did not get its reason, as text
     * @param reasons how often each was given
     * @param seconds that it took
     * @param heapBefore bytes after the warm-up and a collection
     * @param heapAfter the same at the end
     * @param arraysBefore native arrays of the LLM then
     * @param arraysAfter the same at the end
     * @param residentBefore bytes of the process then
     * @param residentAfter the same at the end
     * @param state what the server still holds at the end
     */
    public record Report(
            int requests,
            int kinds,
            Queue<String> wrong,
            Map<Reason, Integer> reasons,
            double seconds,
            long heapBefore,
            long heapAfter,
            int arraysBefore,
            int arraysAfter,
            long residentBefore,
            long residentAfter,
            LlmServer.State state) {}

    private final Malformed malformed;
    private final Semaphore room = new Semaphore(IN_FLIGHT);
    private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
    private final Map<Reason, Integer> reasons = new ConcurrentHashMap<>();
    private final Map<String, MethodDescriptor<byte[], byte[]>> methods = new ConcurrentHashMap<>();
    private Caller caller;

    /** Whether a refusal must carry its reason in words; some server frameworks refuse with a code alone. */
    private final boolean inWords;

    private Fuzz(Malformed.Target target, long seed, boolean inWords) {
        malformed = new Malformed(target, seed);
        this.inWords = inWords;
    }

    public static void main(String[] args) throws Exception {
        int requests = args.length > 0 ? Integer.parseInt(args[0]) : 100_000;
        System.out.println(run(requests, args.length > 1 ? Long.parseLong(args[1]) : 1));
    }

    /** Memory is compared with that after the first tenth. */
    static Report run(int requests, long seed) throws InterruptedException, IOException {
        return new Fuzz(Malformed.Target.TINY, seed, true).go(requests);
    }

    /**
     * Sends them to a server of which only the answers can be seen.
     *
     * @param inWords whether each refusal must carry its reason in words; else its code must give it
     * @param unjudged kinds that may be answered in any way, if only the server lives
     * @param unsent kinds that are left out
     * @return what did not get its reason, as text
     */
    static Queue<String> outside(
            Caller caller,
            Malformed.Target target,
            int requests,
            long seed,
            boolean inWords,
            Set<String> unjudged,
            Set<String> unsent)
            throws InterruptedException {
        Fuzz fuzz = new Fuzz(target, seed, inWords);
        fuzz.caller = caller;
        byte[] sound = fuzz.malformed.good(fuzz.malformed.call(new Random(4)));
        byte[][] expected = new byte[1][];
        fuzz.send("sound", Malformed.SERVICE + "ModelInfer", new byte[][] {sound}, null, expected);
        fuzz.settle();
        for (int i = 0; i < requests; i++) {
            Malformed.Request request = fuzz.malformed.request(i);
            if (!unjudged.contains(request.kind()) && !unsent.contains(request.kind())) {
                fuzz.send(i + " " + request.kind(), request);
            } else if (!unsent.contains(request.kind())) {
                byte[][] messages = request.messages().toArray(byte[][]::new);
                fuzz.call(request.method(), messages, request.authorization(), (status, answer) -> {});
            }
        }
        fuzz.settle();
        // Alone: a batch mate could change the rounding.
        fuzz.send("sound at the end", Malformed.SERVICE + "ModelInfer", new byte[][] {sound}, null, expected);
        fuzz.settle();
        return fuzz.wrong;
    }

    private Report go(int requests) throws InterruptedException, IOException {
        long begin = System.nanoTime();
        LlmServer.Options options = LlmServer.Options.on(
                        "127.0.0.1",
                        0,
                        Caller.MODEL,
                        WireType.FP32,
                        new LlmInfo.Limits(Malformed.Target.TINY.tokens(), Malformed.Target.TINY.bytes()),
                        new LlmServer.Load(4 * IN_FLIGHT, 64 << 20, 2))
                .withTokens(BearerTokens.of(Malformed.TOKEN, "another"))
                .withListener(call -> {
                    if (call.outcome() == CallListener.Outcome.FAILED) {
                        String line = FailureLog.line(call, Instant.EPOCH);
                        if (line.contains("\n") || line.contains(Malformed.TOKEN) || line.length() > 4000) {
                            wrong.add("log line: " + line);
                        }
                    }
                });
        try (EmbeddedLlm llm = TinyDecoder.llm(TinyDecoder.PLAIN);
                LlmServer server = LlmServer.start(options, Backend.of(llm));
                Caller c = new Caller(server.port())) {
            caller = c;
            LlmCall<?> soundCall = malformed.call(new Random(4));
            byte[] sound = malformed.good(soundCall);
            byte[][] expected = new byte[1][];
            send("sound", Malformed.SERVICE + "ModelInfer", new byte[][] {sound}, null, expected);
            settle();
            long[] heap = new long[2];
            long[] resident = new long[2];
            int[] arrays = new int[2];
            int warm = requests / 10;
            for (int i = 0; i < requests; i++) {
                if (i == warm) {
                    settle();
                    heap[0] = heap();
                    resident[0] = resident();
                    arrays[0] = llm.nativeArrays();
                }
                Malformed.Request request = malformed.request(i);
                send(i + " " + request.kind(), request);
                if (i % SOUND == 0) {
                    send("sound after " + i, Malformed.SERVICE + "ModelInfer", new byte[][] {sound}, null, expected);
                }
            }
            send("sound at the end", Malformed.SERVICE + "ModelInfer", new byte[][] {sound}, null, expected);
            settle();
            heap[1] = heap();
            resident[1] = resident();
            arrays[1] = llm.nativeArrays();
            // The last answer arrives before the server has put its request away.
            Eventually.await(() -> server.state().bytes() == 0);
            return new Report(
                    requests,
                    malformed.kinds(),
                    wrong,
                    new TreeMap<>(reasons),
                    (System.nanoTime() - begin) / 1e9,
                    heap[0],
                    heap[1],
                    arrays[0],
                    arrays[1],
                    resident[0],
                    resident[1],
                    server.state());
        }
    }

    private void settle() throws InterruptedException {
        if (!room.tryAcquire(IN_FLIGHT, 60, TimeUnit.SECONDS)) {
            throw new IllegalStateException("A call was not answered in 60 s");
        }
        room.release(IN_FLIGHT);
    }

    private static long heap() throws InterruptedException {
        for (int i = 0; i < 3; i++) {
            System.gc();
            Thread.sleep(100);
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    private static long resident() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(l -> l.startsWith("VmRSS"))
                .mapToLong(l -> Long.parseLong(l.replaceAll("\\D", "")) << 10)
                .findFirst()
                .orElse(0);
    }

    private void send(String name, Malformed.Request request) throws InterruptedException {
        call(request.method(), request.messages().toArray(byte[][]::new), request.authorization(), (status, answer) -> {
            if (status.isOk()) {
                wrong.add(name + ": expected " + request.expected() + ", was answered");
                return;
            }
            LlmException failure = GrpcStatuses.read(new StatusRuntimeException(status));
            reasons.merge(failure.reason(), 1, Integer::sum);
            boolean said = !inWords || failure.getMessage().contains("LLMGRAD:" + request.expected());
            if (failure.reason() != request.expected() || !said) {
                wrong.add(name + ": expected " + request.expected() + ", got " + failure.getMessage());
            }
        });
    }

    private void send(String name, String method, byte[][] messages, String none, byte[][] expected)
            throws InterruptedException {
        call(method, messages, Malformed.bearer(Malformed.TOKEN), (status, answer) -> {
            if (!status.isOk()) {
                wrong.add(name + ": " + status);
            } else if (expected[0] == null) {
                expected[0] = answer;
            } else if (!Arrays.equals(expected[0], answer)) {
                wrong.add(name + ": another answer than before");
            }
        });
    }

    private interface Answered {
        void on(Status status, byte[] answer);
    }

    private void call(String method, byte[][] messages, String authorization, Answered answered)
            throws InterruptedException {
        if (!room.tryAcquire(60, TimeUnit.SECONDS)) {
            throw new IllegalStateException("A call was not answered in 60 s");
        }
        ClientCall<byte[], byte[]> call = caller.channel.newCall(
                methods.size() > 100 ? Caller.raw(method) : methods.computeIfAbsent(method, Caller::raw),
                CallOptions.DEFAULT);
        Metadata headers = new Metadata();
        if (authorization != null) {
            headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), authorization);
        }
        call.start(
                new ClientCall.Listener<>() {
                    private byte[] answer;

                    @Override
                    public void onMessage(byte[] message) {
                        answer = message;
                    }

                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        answered.on(status, answer);
                        room.release();
                    }
                },
                headers);
        call.request(2);
        for (byte[] message : messages) {
            call.sendMessage(message);
        }
        call.halfClose();
    }
}
