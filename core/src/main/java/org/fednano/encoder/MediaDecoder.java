package org.fednano.encoder;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Arrays;
import org.fednano.image.ImagePreprocessor;
import org.fednano.image.RgbImage;
import org.fednano.settings.JobException;
import org.fednano.weights.HfModelFolder;

/** How a TorchScript encoder's files become its input, as {@code encoder.json} says. May be called from many threads. */
interface MediaDecoder {

    /** Shape of one prepared medium; a batch has one more axis in front. */
    long[] shape();

    /** As {@link ModalityEncoder#prepare}. */
    void prepare(byte[] file, String where, float[] inputs, int offset);

    /** Floats of one prepared medium. */
    default int size() {
        return Math.toIntExact(Arrays.stream(shape()).reduce(1, Math::multiplyExact));
    }

    /**
     * The kind of input that an encoder asks for.
     *
     * @throws JobException with status 3 if it asks for an unknown one, or says too little about it
     */
    static MediaDecoder of(TorchScriptSpec spec) {
        JsonNode json = spec.json();
        String kind = json.path("input").asText("");
        return switch (kind) {
            case "image" -> new ImageInput(
                    HfModelFolder.json(spec.preprocessorJson(), Path.of(spec.where() + "/preprocessor_config.json")),
                    spec.positive("image_size"));
            case "wav" -> new WavInput(spec.positive("sampling_rate"), wavSamples(spec));
            case "npy" -> new NpyInput(npyShape(spec));
            default -> throw spec.wrong("input", "image, wav or npy");
        };
    }

    private static int wavSamples(TorchScriptSpec spec) {
        double samples =
                spec.positive("sampling_rate") * spec.json().path("seconds").asDouble(0);
        if (!(samples >= 1 && samples < 1 << 28)) {
            throw spec.wrong("seconds", "a length that holds at least one sample and fewer than 2^28");
        }
        return (int) Math.round(samples);
    }

    private static long[] npyShape(TorchScriptSpec spec) {
        JsonNode shape = spec.json().path("shape");
        long[] sizes = new long[shape.size()];
        double product = 1;
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = shape.path(i).asInt(0);
            product *= sizes[i];
        }
        if (sizes.length == 0 || !(product >= 1 && product < 1 << 28)) {
            throw spec.wrong("shape", "a list of sizes from 1, fewer than 2^28 values in all");
        }
        return sizes;
    }

    /** Pictures, by the encoder's own {@code preprocessor_config.json}: (3, S, S). */
    final class ImageInput implements MediaDecoder {
        private final ImagePreprocessor preprocessor;
        private final int side; // S

        ImageInput(JsonNode config, int side) {
            this.preprocessor = new ImagePreprocessor(config, side);
            this.side = side;
        }

        @Override
        public long[] shape() {
            return new long[] {3, side, side};
        }

        @Override
        public void prepare(byte[] file, String where, float[] inputs, int offset) {
            byte[] rgb = preprocessor.crop(RgbImage.decode(file, where)).rgb();
            preprocessor.normalise(rgb, inputs, offset);
        }
    }
}
