package org.fednano.pretrain;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.Arrays;
import org.fednano.image.ImagePreprocessor;
import org.fednano.llm.model.LlamaDecoder;
import org.fednano.tensor.ArrayOps;
import org.fednano.tensor.NamedTensors;
import org.fednano.vision.VisionTower;

/** Vision tower, connector and decoder end to end on one batch: loss and gradients of all weights. */
final class TrainingStep {

    private final NamedTensors weights;
    private final VisionTower tower;
    private final LlamaDecoder decoder;
    private final ImagePreprocessor preprocessor;
    private final int imageTokens;
    private final float questionWeight;

    /**
     * @param questionWeight weight of the loss on the tokens behind the picture beside that on the answer; 0: none
     */
    TrainingStep(
            NamedTensors weights,
            VisionTower tower,
            LlamaDecoder decoder,
            ImagePreprocessor preprocessor,
            int imageTokens,
            double questionWeight) {
        this.weights = weights;
        this.tower = tower;
        this.decoder = decoder;
        this.preprocessor = preprocessor;
        this.imageTokens = imageTokens;
        this.questionWeight = (float) questionWeight;
    }

    /**
     * Adds the gradients of the batch's loss to the weights' gradients.
     *
     * @param batch indices into {@code set}
     * @return mean over the samples of the mean negative log-likelihood of their answer tokens, nats; the questions' part
     *     is left out
     */
    float backward(TrainingSet set, int[] batch) {
        // The scope frees what operations on weights attach to the weights' own manager.
        try (NDManager manager = weights.manager().newSubManager();
                NDScope scope = new NDScope();
                GradientCollector collector = weights.manager().getEngine().newGradientCollector()) {
            scope.suppressNotUsedWarning();
            Batch b = new Batch(set, batch);
            NDArray weighted = logLikelihood(manager, set, batch, b)
                    .gather(manager.create(b.targets, new Shape(b.targets.length, 1)), 1)
                    .reshape(b.targets.length)
                    .mul(manager.create(b.weights));
            collector.backward(weighted.sum());
            float loss = 0;
            float[] terms = weighted.toFloatArray();
            for (int m = 0; m < b.answerTokens; m++) {
                loss += terms[m];
            }
            return loss;
        }
    }

    /** Whether each sample's answer tokens are all the likeliest ones, given the right ones before. */
    boolean[] right(TrainingSet set, int[] batch) {
        try (NDManager manager = weights.manager().newSubManager();
                NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            Batch b = new Batch(set, batch);
            long[] best = logLikelihood(manager, set, batch, b).argMax(1).toLongArray();
            boolean[] right = new boolean[batch.length];
            int m = 0;
            for (int i = 0; i < batch.length; i++) {
                right[i] = true;
                for (int j = 0; j < set.answer(batch[i]).length; j++, m++) {
                    right[i] &= best[m] == b.targets[m];
                }
            }
            return right;
        }
    }

    /** (M, V) for all predicted tokens of the batch, those of the answers first. */
    private NDArray logLikelihood(NDManager manager, TrainingSet set, int[] batch, Batch b) {
        int side = preprocessor.side();
        float[] pixels = new float[batch.length * 3 * side * side];
        for (int i = 0; i < batch.length; i++) {
            preprocessor.normalise(set.picture(batch[i]), pixels, i * 3 * side * side);
        }
        NDArray images = tower.imageEmbeddings(manager.create(pixels, new Shape(batch.length, 3, side, side)));
        NDArray text =
                ArrayOps.rows(decoder.embeddingTable(), manager.create(b.ids, new Shape(batch.length, b.textLength)));
        int head = set.before().length;
        NDArray x = head == 0
                ? ArrayOps.concat(1, images, text)
                : ArrayOps.concat(1, text.get(":, :" + head), images, text.get(":, " + head + ":"));
        NDArray hidden = decoder.forward(x).reshape(-1, decoder.config().hidden());
        return decoder.logits(ArrayOps.rows(hidden, manager.create(b.sources))).logSoftmax(-1);
    }

    /** Text ids around the picture, padded on the right, and where the answers are predicted. */
    private final class Batch {
        private final int textLength;
        private final long[] ids; // (B, textLength)
        private final int answerTokens; // of the whole batch
        private final long[] sources; // (M): rows of (B·S, H)
        private final long[] targets; // (M): answers first, then questions
        private final float[] weights; // (M): −1 / (B · tokens of that answer or question)

        Batch(TrainingSet set, int[] batch) {
            int[] before = set.before();
            int longest = 0;
            int counted = 0;
            for (int i : batch) {
                longest = Math.max(longest, set.behind(i).length + set.answer(i).length - 1);
                counted += set.answer(i).length;
            }
            textLength = before.length + longest;
            int length = textLength + imageTokens;
            ids = new long[batch.length * textLength];
            answerTokens = counted;
            if (questionWeight > 0) {
                for (int i : batch) {
                    counted += set.behind(i).length;
                }
            }
            sources = new long[counted];
            targets = new long[counted];
            weights = new float[counted];
            int m = 0;
            for (int b = 0; b < batch.length; b++) {
                int[] behind = set.behind(batch[b]);
                int[] answer = set.answer(batch[b]);
                int at = b * textLength;
                for (int id : before) {
                    ids[at++] = id;
                }
                for (int id : behind) {
                    ids[at++] = id;
                }
                for (int j = 0; j + 1 < answer.length; j++) {
                    ids[at++] = answer[j];
                }
                int prompt = before.length + imageTokens + behind.length;
                Arrays.fill(weights, m, m + answer.length, -1f / batch.length / answer.length);
                for (int j = 0; j < answer.length; j++, m++) {
                    sources[m] = (long) b * length + prompt - 1 + j;
                    targets[m] = answer[j];
                }
            }
            for (int b = 0; b < batch.length && m < counted; b++) {
                int[] behind = set.behind(batch[b]);
                Arrays.fill(weights, m, m + behind.length, -questionWeight / batch.length / behind.length);
                for (int j = 0; j < behind.length; j++, m++) {
                    sources[m] = (long) b * length + before.length + imageTokens - 1 + j;
                    targets[m] = behind[j];
                }
            }
        }
    }
}
