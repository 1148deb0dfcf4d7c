package org.fednano.encoder;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.fednano.settings.JobException;

/**
 * Arrays of a fixed shape in NumPy's own file format, little-endian float32 in C order.
 *
 * @see <a href="https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html">The format</a>
 */
final class NpyInput implements MediaDecoder {

    private static final Pattern TYPE = Pattern.compile("'descr':\\s*'([^']*)'");
    private static final Pattern ORDER = Pattern.compile("'fortran_order':\\s*(True|False)");
    private static final Pattern SHAPE = Pattern.compile("'shape':\\s*\\(([^)]*)\\)");

    private final long[] shape;

    NpyInput(long[] shape) {
        this.shape = shape;
    }

    @Override
    public long[] shape() {
        return shape.clone();
    }

    @Override
    public void prepare(byte[] file, String where, float[] inputs, int offset) {
        ByteBuffer data = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        boolean magic = file.length >= 10 && data.getInt(0) == 0x4d554e93 && data.getShort(4) == 0x5950; // \x93NUMPY
        int lengthBytes = magic && file[6] == 1 ? 2 : 4;
        long start = 8 + lengthBytes;
        if (magic && file.length >= start) {
            start += lengthBytes == 2 ? data.getShort(8) & 0xffff : data.getInt(8) & 0xffffffffL;
        }
        if (!magic || start > file.length) {
            throw JobException.badInput(
                    "Array of " + where + " must be an .npy file: found " + file.length + " bytes of another format.");
        }
        String header =
                new String(file, 8 + lengthBytes, (int) start - 8 - lengthBytes, StandardCharsets.ISO_8859_1).strip();
        String sizes = Arrays.stream(shape).mapToObj(Long::toString).collect(Collectors.joining(","));
        boolean fits = find(TYPE, header).equals("<f4")
                && find(ORDER, header).equals("False")
                && find(SHAPE, header).replaceAll("[\\sL]|,$", "").equals(sizes);
        if (!fits || file.length - start != 4L * size()) {
            throw JobException.badInput("Array of " + where + " must hold little-endian float32 ('<f4') in C order of"
                    + " shape " + Arrays.toString(shape) + ", as encoder.json says: found " + header + " with "
                    + (file.length - start) + " bytes of data.");
        }
        data.position((int) start);
        data.slice().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(inputs, offset, size());
        for (int i = 0; i < size(); i++) {
            if (!Float.isFinite(inputs[offset + i])) {
                throw JobException.badInput("Array of " + where + " must hold finite numbers: found "
                        + inputs[offset + i] + " at value " + i + ".");
            }
        }
    }

    private static String find(Pattern pattern, String header) {
        Matcher matcher = pattern.matcher(header);
        return matcher.find() ? matcher.group(1) : "";
    }
}
