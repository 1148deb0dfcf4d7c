package org.fednano.ml;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * A long row of bytes, broadcast in pieces: no process has to hold more of it than a piece or two, since Spark puts what
 * does not fit into the heap on its local disk.
 *
 * @param pieces all of the same size but the last one
 */
public record BroadcastBytes(List<Broadcast<byte[]>> pieces) implements Serializable {

    /**
     * Bytes of a piece. The larger, the fewer broadcasts; the smaller, the less an executor's heap needs: each piece is there
     * twice for a moment, as blocks and as one array, and large arrays lie in a collector's way.
     */
    static final int PIECE = 8 << 20;

    /** Cuts a stream into broadcasts. */
    static BroadcastBytes of(JavaSparkContext spark, InputStream bytes, int pieceBytes) throws IOException {
        List<Broadcast<byte[]>> pieces = new ArrayList<>();
        for (byte[] piece = bytes.readNBytes(pieceBytes); piece.length > 0; piece = bytes.readNBytes(pieceBytes)) {
            pieces.add(spark.broadcast(piece));
        }
        return new BroadcastBytes(pieces);
    }

    /** Fills {@code target} with the bytes from {@code from} on. */
    void read(long from, ByteBuffer target) {
        int size = pieces.get(0).value().length;
        long at = from;
        while (target.hasRemaining()) {
            byte[] piece = pieces.get((int) (at / size)).value();
            int start = (int) (at % size);
            int count = Math.min(piece.length - start, target.remaining());
            target.put(piece, start, count);
            at += count;
        }
    }

    /** A private file with all of them; the caller deletes it. */
    Path file(Path folder) throws IOException {
        Path file = Files.createTempFile(folder, "fednano-encoder-", ".pt");
        try (OutputStream out = Files.newOutputStream(file)) {
            for (Broadcast<byte[]> piece : pieces) {
                out.write(piece.value());
            }
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(file);
            throw e;
        }
        return file;
    }

    void destroy() {
        pieces.forEach(Broadcast::destroy);
    }
}
