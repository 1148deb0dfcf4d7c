package org.fednano.evaluation;

import java.io.Serializable;

/**
 * One sample as the model and the majority rule answered it.
 *
 * @param sampleId the sample
 * @param category its category
 * @param expected its answer's text
 * @param predicted the chosen answer's text, or null where tokens were generated
 * @param generated token ids of a free answer, or null
 * @param correctChoice whether the chosen index is the right one (multiple choice only)
 * @param majority what the majority rule answers
 */
record AnsweredSample(
        String sampleId,
        String category,
        String expected,
        String predicted,
        int[] generated,
        boolean correctChoice,
        String majority)
        implements Serializable {}
