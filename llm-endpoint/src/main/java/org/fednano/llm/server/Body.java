package org.fednano.llm.server;

import io.grpc.Decompressor;
import io.grpc.DecompressorRegistry;
import io.grpc.Detachable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.zip.GZIPInputStream;

/**
 * A message as it arrived, unread and still packed. gRPC would unpack it on the network's thread, where everybody else
 * waits for it.
 *
 * @param stream its bytes as sent
 * @param size of those
 * @param packed whether they are gzip
 */
record Body(InputStream stream, int size, boolean packed) implements AutoCloseable {

    /** Opens it. */
    InputStream open() throws IOException {
        return packed ? new GZIPInputStream(stream) : stream;
    }

    /** Gives its bytes back, read or not. */
    @Override
    public void close() {
        try {
            stream.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Leaves messages packed. */
    static DecompressorRegistry packings() {
        return DecompressorRegistry.emptyInstance().with(new LeftPacked(), true);
    }

    private static final class LeftPacked implements Decompressor {
        @Override
        public String getMessageEncoding() {
            return "gzip";
        }

        @Override
        public InputStream decompress(InputStream packed) {
            return packed;
        }
    }

    /** Takes a message off gRPC, which would close it at once. */
    static final class Marshaller implements MethodDescriptor.Marshaller<Body> {
        @Override
        public InputStream stream(Body value) {
            throw new UnsupportedOperationException("Requests come in only");
        }

        @Override
        public Body parse(InputStream stream) {
            try {
                // What is packed comes in a wrapper that checks its size and says nothing of it.
                if (stream instanceof Detachable open && stream instanceof KnownLength known) {
                    int size = known.available();
                    return new Body(open.detach(), size, false);
                }
                byte[] packed = stream.readAllBytes();
                return new Body(new ByteArrayInputStream(packed), packed.length, true);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
