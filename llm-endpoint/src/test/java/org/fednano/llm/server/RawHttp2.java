package org.fednano.llm.server;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** A connection that keeps to HTTP/2's frames and to nothing else: it says what it likes and hears nothing. RFC 9113, 7541. */
final class RawHttp2 implements AutoCloseable {

    static final int END_STREAM = 1;
    private static final int END_HEADERS = 4;
    private static final int FRAME = 16_000;

    private final Socket socket;
    private final OutputStream out;
    private int streams;
    private volatile boolean ended;

    RawHttp2(int port) throws IOException {
        socket = new Socket("localhost", port);
        out = socket.getOutputStream();
        write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        frame(4, 0, 0, new byte[0]);
        InputStream in = socket.getInputStream();
        try {
            in.read(); // the server's own settings, which count once they are confirmed
        } catch (IOException e) {
            ended = true; // it has no place for another one
        }
        frame(4, 1, 0, new byte[0]);
        Thread reader = new Thread(() -> {
            try {
                in.transferTo(OutputStream.nullOutputStream());
            } catch (IOException e) {
                // It is cut.
            }
            ended = true;
        });
        reader.setDaemon(true);
        reader.start();
    }

    /** Whether the other side has ended it. */
    boolean ended() {
        return ended;
    }

    /** Begins a gRPC call; the token may be null. */
    int call(String method, String token) {
        return call(method, token, 0);
    }

    /** The same with further flags. */
    int call(String method, String token, int flags) {
        ByteArrayOutputStream headers = new ByteArrayOutputStream();
        header(headers, ":method", "POST");
        header(headers, ":scheme", "http");
        header(headers, ":path", "/" + Malformed.SERVICE + method);
        header(headers, ":authority", "localhost");
        header(headers, "content-type", "application/grpc");
        header(headers, "te", "trailers");
        if (token != null) {
            header(headers, "authorization", "Bearer " + token);
        }
        int stream = 2 * streams++ + 1;
        frame(1, END_HEADERS | flags, stream, headers.toByteArray());
        return stream;
    }

    /** A gRPC message's first bytes: it says how long it is. */
    void begin(int stream, int length) {
        frame(0, 0, stream, ByteBuffer.allocate(5).put((byte) 0).putInt(length).array());
    }

    void send(int stream, int bytes) {
        for (int left = bytes; left > 0; left -= FRAME) {
            frame(0, 0, stream, new byte[Math.min(left, FRAME)]);
        }
    }

    void frame(int type, int flags, int stream, byte[] payload) {
        byte[] frame = ByteBuffer.allocate(9 + payload.length)
                .put((byte) (payload.length >> 16))
                .putShort((short) payload.length)
                .put((byte) type)
                .put((byte) flags)
                .putInt(stream)
                .put(payload)
                .array();
        write(frame);
    }

    private void write(byte[] bytes) {
        try {
            out.write(bytes);
        } catch (IOException e) {
            // The server has had enough: that is its right.
        }
    }

    private static void header(ByteArrayOutputStream to, String name, String value) {
        to.write(0); // a literal, not indexed, with a new name
        for (String text : new String[] {name, value}) {
            to.write(text.length());
            to.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
