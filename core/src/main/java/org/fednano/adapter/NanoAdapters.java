package org.fednano.adapter;

import java.util.function.Consumer;
import org.fednano.sample.FeatureBatch;
import org.fednano.sample.PromptBatch;

/**
 * The NanoAdapters of one layout: A(x) = x + s · (x W_down) W_up with s = alpha/R, on the tokens of each trained
 * modality; all other tokens and padding pass unchanged. Stateless: safe for any number of threads.
 *
 * <p>A sample's result depends on its own tokens only, not on padding or batch mates, except by rounding.
 */
public interface NanoAdapters {

    /**
     * The adapters of a layout, as production runs them: on matrices, which took a third to a half of the loops' time at
     * (B, T, H, R) = (8, 60, 128, 8) and a quarter to a tenth at (2, 640, 4096, 64).
     */
    static NanoAdapters of(AdapterLayout layout) {
        return new NdAdapters(layout);
    }

    /**
     * Forward.
     *
     * @param theta (d), in the layout's order
     * @param batch features x (B, T, H)
     * @return A(x) (B, T, H), zero on padding
     */
    PromptBatch forward(float[] theta, FeatureBatch batch);

    /**
     * Backward in closed form. With z = x W_down and dy = dLoss/dA: dW_up = s · zᵀ dy, dz = s · dy W_upᵀ, dW_down = xᵀ dz,
     * each summed over the sample's tokens. x itself needs no gradient: what lies before is frozen.
     *
     * @param theta (d), as in the forward pass
     * @param batch as in the forward pass
     * @param dEmbeds (B, T, H): gradScale · d loss[b] / d A(x)[b]
     * @param gradScale power of two, taken out again
     * @param eachSample is handed d loss[b] / d theta (d) of each sample, b ascending, in one buffer that is used again
     */
    void backward(float[] theta, FeatureBatch batch, float[] dEmbeds, float gradScale, Consumer<float[]> eachSample);

    /**
     * The gradient of a batch's mean loss, where nobody asks for each sample's own.
     *
     * @param theta (d), as in the forward pass
     * @param batch as in the forward pass
     * @param dEmbeds (B, T, H): gradScale · d loss[b] / d A(x)[b]
     * @param gradScale power of two, taken out again
     * @param mean is filled with (d): the mean over b of d loss[b] / d theta
     */
    void backwardMean(float[] theta, FeatureBatch batch, float[] dEmbeds, float gradScale, float[] mean);
}
