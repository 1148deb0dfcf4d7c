package org.fednano.pretrain;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.fednano.encoder.NanoEdge;
import org.fednano.image.ImagePreprocessor;
import org.fednano.image.RgbImage;
import org.fednano.sample.Medium;
import org.fednano.sample.Sample;
import org.fednano.settings.JobException;

/**
 * Samples as bytes and token ids, decoded once: pictures (S, S, 3), prompts whose picture stands at the same place in
 * every one, answers with their end token.
 */
final class TrainingSet {

    private final List<byte[]> pictures = new ArrayList<>();
    private final List<int[]> behind = new ArrayList<>(); // prompt ids behind the picture
    private final List<int[]> answers = new ArrayList<>();
    private int[] before; // prompt ids before the picture

    /**
     * Adds a sample.
     *
     * @param imageToken id that stands for the picture
     * @throws JobException with status 3 if it has no picture, or has it elsewhere than the others
     */
    void add(Sample sample, NanoEdge edge, ImagePreprocessor preprocessor, int imageToken) {
        if (sample.media().size() != 1 || sample.first(Medium.IMAGE).isEmpty()) {
            throw JobException.badInput("Pretraining needs one picture in every sample: found "
                    + sample.media().stream().map(Medium::modality).toList() + " in " + sample.sampleId()
                    + ". Give it shards of the base world (pretrain.shards).");
        }
        int[] ids = edge.promptIds(sample);
        int first = 0;
        while (first < ids.length && ids[first] != imageToken) {
            first++;
        }
        int last = ids.length;
        while (last > first && ids[last - 1] != imageToken) {
            last--;
        }
        int[] head = Arrays.copyOf(ids, first);
        if (before == null) {
            before = head;
        }
        if (first == ids.length || !Arrays.equals(before, head)) {
            throw JobException.badInput("Pretraining needs the picture at one place in every prompt: sample "
                    + sample.sampleId() + " has it behind " + first + " tokens, the first one behind " + before.length
                    + ". Put {image} before {question} in prompt.template.");
        }
        pictures.add(preprocessor
                .crop(RgbImage.decode(sample.media().get(0).bytes(), "sample " + sample.sampleId()))
                .rgb());
        behind.add(Arrays.copyOfRange(ids, last, ids.length));
        answers.add(edge.answerIds(sample.answer()));
    }

    int size() {
        return pictures.size();
    }

    byte[] picture(int i) {
        return pictures.get(i);
    }

    int[] before() {
        return before;
    }

    int[] behind(int i) {
        return behind.get(i);
    }

    int[] answer(int i) {
        return answers.get(i);
    }
}
