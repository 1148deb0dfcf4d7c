package org.fednano.algorithm;

import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.fednano.algorithm.ClientOutcome.Done;
import org.fednano.algorithm.DeterministicAggregator.Arrival;

/**
 * A round's arrivals until all are there, their vectors in one temporary file on local disk. The file is made when first
 * needed and deleted on close. One thread at a time parks; once all are there, several may read.
 */
class UpdateSpill implements AutoCloseable {

    /** An arrival without its vectors, and where those are: θ_k, and right behind it the uploads by name, all of one length. */
    private record Slot(Arrival arrival, long position, int length, List<String> uploads) {}

    /** Work on a piece of a vector: {@code count} values, the first of which is of coordinate {@code at}. */
    @FunctionalInterface
    interface OnPiece {
        void on(float[] values, int at, int count);
    }

    /** What one thread reads a piece with; closed it is there for the next one. */
    private record Scratch(ByteBuffer bytes, float[] values, Queue<Scratch> spare) implements AutoCloseable {
        @Override
        public void close() {
            spare.add(this);
        }
    }

    private static final int PIECE = 1 << 16; // values that are moved at once: they stay in a core's own cache

    private final int round;
    private final ByteBuffer piece = newBytes();
    private final Queue<Scratch> spare = new ConcurrentLinkedQueue<>();
    private final Map<Integer, Slot> slots = new HashMap<>();
    private Path path;
    private RandomAccessFile file;

    UpdateSpill(int round) {
        this.round = round;
    }

    private static ByteBuffer newBytes() {
        return ByteBuffer.allocateDirect(4 * PIECE).order(ByteOrder.nativeOrder());
    }

    boolean holds(int place) {
        return slots.containsKey(place);
    }

    void park(Arrival arrival) {
        if (!(arrival.outcome() instanceof Done done)) {
            slots.put(arrival.place(), new Slot(arrival, 0, -1, List.of()));
            return;
        }
        ClientUpdate u = done.update();
        try {
            FileChannel channel = open();
            long position = channel.size();
            int length = u.theta().length;
            List<String> uploads = List.copyOf(u.uploads().keySet());
            write(channel, position, u.theta());
            for (int i = 0; i < uploads.size(); i++) {
                write(channel, position + 4L * length * (i + 1), u.uploads().get(uploads.get(i)));
            }
            var bare = new ClientUpdate(u.clientId(), null, Map.of(), u.trainingRows(), u.metrics());
            slots.put(
                    arrival.place(),
                    new Slot(new Arrival(arrival.place(), new Done(bare), null), position, length, uploads));
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "Update of client " + u.clientId() + " in round " + round + " could not be parked on local disk at "
                            + path,
                    e);
        }
    }

    /** What was parked at a place, without its vectors. */
    Arrival arrival(int place) {
        return slots.get(place).arrival();
    }

    /** Reads θ_k of the update that was parked at a place, piece by piece; it stays there. */
    void pieces(int place, OnPiece work) {
        Slot slot = slots.get(place);
        try (Scratch scratch = scratch()) {
            for (int at = 0; at < slot.length(); at += PIECE) {
                int count = Math.min(PIECE, slot.length() - at);
                read(slot.position() + 4L * at, scratch.bytes(), scratch.values(), 0, count);
                work.on(scratch.values(), at, count);
            }
        } catch (IOException e) {
            throw lost(slot, e);
        }
    }

    /**
     * The update that was parked at a place; it stays there.
     *
     * @param used one of the same round that nobody reads any more and whose vectors may be filled anew, or null
     */
    ClientUpdate read(int place, ClientUpdate used) {
        Slot slot = slots.get(place);
        ClientUpdate bare = ((Done) slot.arrival().outcome()).update();
        try {
            float[] theta = read(slot.position(), slot.length(), used == null ? null : used.theta());
            Map<String, float[]> uploads = new HashMap<>();
            for (int i = 0; i < slot.uploads().size(); i++) {
                String name = slot.uploads().get(i);
                float[] values = used == null ? null : used.uploads().get(name);
                uploads.put(name, read(slot.position() + 4L * slot.length() * (i + 1), slot.length(), values));
            }
            return new ClientUpdate(bare.clientId(), theta, uploads, bare.trainingRows(), bare.metrics());
        } catch (IOException e) {
            throw lost(slot, e);
        }
    }

    private UncheckedIOException lost(Slot slot, IOException e) {
        return new UncheckedIOException(
                "Update of client " + slot.arrival().outcome().clientId() + " in round " + round
                        + " could not be read back from local disk at " + path,
                e);
    }

    private FileChannel open() throws IOException {
        if (file == null) {
            path = Files.createTempFile("fednano-round-" + round + "-", ".parked");
            file = new RandomAccessFile(path.toFile(), "rw");
        }
        return file.getChannel();
    }

    private void write(FileChannel channel, long position, float[] values) throws IOException {
        for (int at = 0; at < values.length; at += PIECE) {
            int count = Math.min(PIECE, values.length - at);
            piece.clear().limit(4 * count);
            piece.asFloatBuffer().put(values, at, count);
            while (piece.hasRemaining()) {
                position += channel.write(piece, position);
            }
        }
    }

    private float[] read(long position, int count, float[] used) throws IOException {
        float[] values = used == null ? new float[count] : used;
        try (Scratch scratch = scratch()) {
            for (int at = 0; at < count; at += PIECE) {
                read(position + 4L * at, scratch.bytes(), values, at, Math.min(PIECE, count - at));
            }
        }
        return values;
    }

    private void read(long position, ByteBuffer bytes, float[] values, int at, int count) throws IOException {
        FileChannel channel = file.getChannel();
        bytes.clear().limit(4 * count);
        while (bytes.hasRemaining()) {
            int read = channel.read(bytes, position);
            if (read < 0) {
                throw new EOFException(
                        "the file ends at " + channel.size() + " bytes, values were expected at " + position);
            }
            position += read;
        }
        bytes.flip().asFloatBuffer().get(values, at, count);
    }

    private Scratch scratch() {
        Scratch used = spare.poll();
        return used == null ? new Scratch(newBytes(), new float[PIECE], spare) : used;
    }

    @Override
    public void close() {
        if (file == null) {
            return;
        }
        try {
            file.close();
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new UncheckedIOException("Temporary file " + path + " could not be deleted", e);
        }
    }
}
