package org.fednano.encoder;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.fednano.settings.JobException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Mono sound files (RIFF/WAVE) of one sampling rate, cut or filled up with silence to one length; PCM of 8, 16, 24 or 32
 * bits becomes −1 to 1, float32 stays as it is.
 */
final class WavInput implements MediaDecoder {

    private static final Logger LOG = LoggerFactory.getLogger(WavInput.class);
    private static final int PCM = 1;
    private static final int IEEE_FLOAT = 3;
    private static final int EXTENSIBLE = 0xfffe;

    private final int samplingRate; // samples per second
    private final int samples;
    private final AtomicLong cut = new AtomicLong();

    WavInput(int samplingRate, int samples) {
        this.samplingRate = samplingRate;
        this.samples = samples;
    }

    @Override
    public long[] shape() {
        return new long[] {samples};
    }

    /** What the chunk {@code fmt } says. */
    private record Format(int coding, int channels, int rate, int bits) {}

    @Override
    public void prepare(byte[] file, String where, float[] inputs, int offset) {
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        if (file.length < 12 || !name(in, 0).equals("RIFF") || !name(in, 8).equals("WAVE")) {
            throw JobException.badInput(
                    "Sound of " + where + " must be a WAV file: found " + file.length + " bytes of another format.");
        }
        Format format = null;
        long at = 12;
        while (at + 8 <= file.length) {
            String name = name(in, (int) at);
            long size = in.getInt((int) at + 4) & 0xffffffffL;
            long body = at + 8;
            boolean whole = body + size <= file.length;
            if (name.equals("fmt ") && whole && size >= 16) {
                format = format(in, (int) body, size);
            } else if (name.equals("data") && format != null && whole) {
                check(format, where);
                read(in, format, (int) body, (int) (size / (format.bits / 8)), where, inputs, offset);
                return;
            }
            at = body + size + (size & 1); // chunks begin at even places
        }
        throw JobException.badInput(
                "Sound of " + where + " must be a whole WAV file with the chunks 'fmt ' and 'data': "
                        + (format == null ? "found no format" : "its data is missing or cut off") + " in " + file.length
                        + " bytes. Copy the file again.");
    }

    private static Format format(ByteBuffer in, int at, long size) {
        int coding = in.getShort(at) & 0xffff;
        if (coding == EXTENSIBLE && size >= 26) {
            coding = in.getShort(at + 24) & 0xffff; // the sub-format begins with the old code
        }
        return new Format(coding, in.getShort(at + 2), in.getInt(at + 4), in.getShort(at + 14));
    }

    private void check(Format found, String where) {
        boolean readable = found.coding == PCM && found.bits >= 8 && found.bits <= 32 && found.bits % 8 == 0
                || found.coding == IEEE_FLOAT && found.bits == 32;
        if (!readable || found.channels != 1 || found.rate != samplingRate) {
            throw JobException.badInput("Sound of " + where + " must be mono at " + samplingRate
                    + " samples per second, PCM of 8, 16, 24 or 32 bits or float32, as encoder.json says: found "
                    + found.channels + " channels at " + found.rate + " with " + found.bits + " bits in coding "
                    + found.coding + ". Convert it before `fednano prepare`.");
        }
    }

    private void read(ByteBuffer in, Format format, int at, int count, String where, float[] inputs, int offset) {
        if (count > samples && cut.getAndIncrement() == 0) {
            LOG.warn(
                    "Sound of {} has {} samples and is cut to the {} of encoder.json; further ones are not told",
                    where,
                    count,
                    samples);
        }
        int used = Math.min(count, samples);
        for (int i = 0; i < used; i++) {
            inputs[offset + i] = value(in, format, at + i * (format.bits / 8));
            if (!Float.isFinite(inputs[offset + i])) {
                throw JobException.badInput("Sound of " + where + " must hold finite numbers: found "
                        + inputs[offset + i] + " at sample " + i + ".");
            }
        }
        Arrays.fill(inputs, offset + used, offset + samples, 0);
    }

    private static float value(ByteBuffer in, Format format, int at) {
        return switch (format.bits) {
            case 8 -> ((in.get(at) & 0xff) - 128) / 128f; // the one unsigned width
            case 16 -> in.getShort(at) / 32768f;
            case 24 -> ((in.get(at) & 0xff) | (in.get(at + 1) & 0xff) << 8 | in.get(at + 2) << 16) / 8388608f;
            default -> format.coding == IEEE_FLOAT ? in.getFloat(at) : (float) (in.getInt(at) / 2147483648.0);
        };
    }

    private static String name(ByteBuffer in, int at) {
        return new String(in.array(), at, 4, StandardCharsets.ISO_8859_1);
    }
}
