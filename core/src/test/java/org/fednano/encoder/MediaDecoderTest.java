package org.fednano.encoder;

import static org.fednano.encoder.TorchScriptEncoderTest.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.fednano.settings.JobException;
import org.fednano.testing.TestSounds;
import org.junit.jupiter.api.Test;

/** Sounds and arrays as encoders read them. */
class MediaDecoderTest {

    private static float[] sound(byte[] file) {
        float[] inputs = new float[6];
        Arrays.fill(inputs, 9);
        new WavInput(320, 4).prepare(file, "s", inputs, 1);
        assertEquals(9, inputs[0]);
        assertEquals(9, inputs[5]);
        return Arrays.copyOfRange(inputs, 1, 5);
    }

    @Test
    void soundsOfEveryWidthAreCutAndFilledUp() {
        assertArrayEquals(
                new float[] {0.5f, -1, 32767 / 32768f, 0},
                sound(TestSounds.wav(320, (short) 16384, Short.MIN_VALUE, Short.MAX_VALUE)));
        assertArrayEquals(
                new float[] {0.25f, 0, 0, 0.5f},
                sound(TestSounds.wav(320, (short) 8192, (short) 0, (short) 0, (short) 16384, (short) 7)));
        assertArrayEquals(
                new float[] {-1, 0, 127 / 128f, 0},
                sound(TestSounds.wav(1, 1, 320, 8, new byte[] {0, (byte) 128, (byte) 255})));
        assertArrayEquals(
                new float[] {-1, 0.5f, 0, 0},
                sound(TestSounds.wav(1, 1, 320, 24, new byte[] {0, 0, (byte) 0x80, 0, 0, 0x40})));
        ByteBuffer words = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        words.putInt(Integer.MIN_VALUE).putInt(1 << 30);
        assertArrayEquals(new float[] {-1, 0.5f, 0, 0}, sound(TestSounds.wav(1, 1, 320, 32, words.array())));
        ByteBuffer floats = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        floats.putFloat(0.125f).putFloat(-2);
        assertArrayEquals(new float[] {0.125f, -2, 0, 0}, sound(TestSounds.wav(3, 1, 320, 32, floats.array())));
    }

    @Test
    void soundsOfAnotherKindAreRefused() {
        refused(() -> sound("no sound at all".getBytes(java.nio.charset.StandardCharsets.US_ASCII)), "WAV");
        refused(() -> sound(TestSounds.wav(440, (short) 1)), "320", "440");
        refused(() -> sound(TestSounds.wav(1, 2, 320, 16, new byte[8])), "mono", "2 channels");
        refused(() -> sound(TestSounds.wav(6, 1, 320, 8, new byte[8])), "coding 6");
        refused(() -> sound(TestSounds.wav(1, 1, 320, 0, new byte[8])), "0 bits");
        refused(() -> sound(Arrays.copyOf(TestSounds.wav(320, (short) 1, (short) 2), 46)), "cut off");
        refused(() -> sound(Arrays.copyOf(TestSounds.wav(320, (short) 1), 20)), "no format");
        ByteBuffer floats =
                ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(Float.NaN);
        refused(() -> sound(TestSounds.wav(3, 1, 320, 32, floats.array())), "finite");
    }

    @Test
    void arraysComeAsTheyAreOrAreRefused() {
        NpyInput input = new NpyInput(new long[] {1, 2});
        String header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }";
        float[] inputs = new float[3];
        input.prepare(TinyModules.npy(header, 3, -4), "s", inputs, 1);
        assertArrayEquals(new float[] {0, 3, -4}, inputs);
        refused(() -> input.prepare(TinyModules.npy(header, 1), "s7", inputs, 0), "s7", "4 bytes");
        refused(() -> input.prepare(TinyModules.npy(header.replace("1, 2", "2,"), 1, 2), "s", inputs, 0), "[1, 2]");
        refused(() -> input.prepare(TinyModules.npy(header.replace("<f4", "<f8"), 1, 2), "s", inputs, 0), "<f8");
        refused(() -> input.prepare(TinyModules.npy(header.replace("False", "True"), 1, 2), "s", inputs, 0), "C order");
        refused(() -> input.prepare(TinyModules.npy(header, 1, Float.NaN), "s", inputs, 0), "finite");
        refused(() -> input.prepare(new byte[20], "s", inputs, 0), ".npy");
        new NpyInput(new long[] {2}).prepare(TinyModules.npy(header.replace("1, 2", "2,"), 5, 6), "s", inputs, 0);
        assertEquals(5, inputs[0]);
    }

    /** Whatever a file holds, it is read or refused, never a crash of another kind. */
    @Test
    void damagedFilesAreReadOrRefused() {
        Random random = new Random(3);
        byte[] wav = TestSounds.wav(320, (short) 1, (short) 2, (short) 3);
        byte[] npy = TinyModules.npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }", 1, 2, 3, 4);
        for (int i = 0; i < 4000; i++) {
            byte[] file = (i % 2 == 0 ? wav : npy).clone();
            for (int k = random.nextInt(4); k >= 0; k--) {
                file[random.nextInt(file.length)] = (byte) random.nextInt();
            }
            byte[] cut = Arrays.copyOf(file, random.nextInt(file.length + 1));
            MediaDecoder input = i % 2 == 0 ? new WavInput(320, 4) : new NpyInput(new long[] {4});
            try {
                input.prepare(random.nextBoolean() ? file : cut, "s", new float[4], 0);
            } catch (JobException e) {
                assertEquals(org.fednano.settings.ExitStatus.BAD_INPUT, e.status());
            }
        }
    }
}
