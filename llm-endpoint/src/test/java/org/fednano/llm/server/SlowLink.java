package org.fednano.llm.server;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicLong;

/** A link on loopback that counts bytes and lets only so many through a second, in each direction. */
final class SlowLink implements AutoCloseable {

    private static final int CHUNK = 1 << 14;

    private final int to;
    private final double bytesPerSecond;
    private final ServerSocket listener;
    private final AtomicLong there = new AtomicLong();
    private final AtomicLong back = new AtomicLong();

    /**
     * @param to port of the server behind it
     * @param bitsPerSecond 0: as many as there are
     */
    SlowLink(int to, double bitsPerSecond) throws IOException {
        this.to = to;
        bytesPerSecond = bitsPerSecond / 8;
        listener = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
        start(this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    /** Bytes so far, of all that TCP carries. */
    long[] bytes() {
        return new long[] {there.get(), back.get()};
    }

    private void accept() throws IOException {
        while (!listener.isClosed()) {
            Socket near = listener.accept();
            Socket far = new Socket(InetAddress.getLoopbackAddress(), to);
            near.setTcpNoDelay(true);
            far.setTcpNoDelay(true);
            start(() -> carry(near, far, there));
            start(() -> carry(far, near, back));
        }
    }

    private void carry(Socket from, Socket into, AtomicLong count) throws IOException {
        byte[] buffer = new byte[CHUNK];
        long free = System.nanoTime(); // when the link has carried all that was handed to it
        try (InputStream in = from.getInputStream();
                OutputStream out = into.getOutputStream()) {
            for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
                if (bytesPerSecond > 0) {
                    free = Math.max(free, System.nanoTime()) + (long) (1e9 * n / bytesPerSecond);
                    Thread.sleep(Math.max(0, (free - System.nanoTime()) / 1_000_000));
                }
                out.write(buffer, 0, n);
                count.addAndGet(n);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void start(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException e) {
                // a side has closed
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
