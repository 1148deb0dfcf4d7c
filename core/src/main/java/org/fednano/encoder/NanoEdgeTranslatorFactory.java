package org.fednano.encoder;

import ai.djl.Model;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorFactory;
import ai.djl.util.Pair;
import java.io.Serializable;
import java.lang.reflect.Type;
import java.util.Map;
import java.util.Set;
import org.fednano.settings.JobException;

/**
 * Makes the translator that turns a DJL model, whose block is an encoder alone, into one from media files to prompt
 * embeddings: {@code byte[]} in, the file; {@code byte[]} out, (N, H) as little-endian float32. Preprocessing and
 * connector belong to the translator, so that any loader can bring the block: {@link ModalityEncoder#predictor} with a
 * vision tower in Java, or a file of TorchScript by URL, as DJL's extension for Spark loads one.
 *
 * <p>For the latter it reads what lies beside the module: {@code encoder.json}, {@code connector.safetensors} and, for
 * pictures, {@code preprocessor_config.json}; the URL names the module, {@code file:///DIR/encoder.pt}.
 */
public final class NanoEdgeTranslatorFactory implements TranslatorFactory, Serializable {

    /** Argument with which those who built a model pass what lies around its block. */
    static final String ENDS = "fednano.ends";

    private static final long serialVersionUID = 1L;

    private final int batchSize;
    private final boolean keepInvalid;

    /**
     * @param batchSize B: the block always gets that many media, zeros where there are fewer; callers give no more. It is
     *     part of what features depend on, bit for bit
     * @param keepInvalid null for files that cannot be decoded; otherwise they are an error
     */
    public NanoEdgeTranslatorFactory(int batchSize, boolean keepInvalid) {
        if (batchSize < 1) {
            throw JobException.usage("The batch size of a translator must be at least 1: found " + batchSize + ".");
        }
        this.batchSize = batchSize;
        this.keepInvalid = keepInvalid;
    }

    @Override
    public Set<Pair<Type, Type>> getSupportedTypes() {
        return Set.of(new Pair<>(byte[].class, byte[].class));
    }

    /**
     * @param model its block is the encoder
     * @throws JobException with status 3 if what belongs around it is missing or does not fit
     */
    @Override
    @SuppressWarnings("unchecked") // the types are compared
    public <I, O> Translator<I, O> newInstance(Class<I> input, Class<O> output, Model model, Map<String, ?> arguments) {
        if (!isSupported(input, output)) {
            throw new IllegalArgumentException(
                    "The translator takes and gives byte[]: asked for " + input.getName() + ", " + output.getName());
        }
        return (Translator<I, O>) translator(model, arguments);
    }

    NanoEdgeTranslator translator(Model model, Map<String, ?> arguments) {
        EncoderPrePost ends = arguments.get(ENDS) instanceof EncoderPrePost given
                ? given
                : TorchScriptSpec.ends(model.getModelPath(), model.getNDManager(), batchSize);
        return new NanoEdgeTranslator(ends, keepInvalid);
    }
}
