package org.fednano.report;

import java.util.List;
import org.fednano.report.data.Report.Term;

/** The words of a report for a reader who never saw the project. */
final class Glossary {

    static final List<Term> TERMS = List.of(
            new Term(
                    "client",
                    "One owner of data. Its pictures and texts stay in its own folder; nobody else's rows are read with"
                            + " them."),
            new Term(
                    "round",
                    "One turn of federated training: the server sends the adapter out, each client trains it on its own"
                            + " rows, the server merges what comes back. Round 0 is the state before any training."),
            new Term(
                    "adapter",
                    "The small trainable part in front of a large language model that itself never changes. It is all"
                            + " that training adjusts."),
            new Term(
                    "accuracy",
                    "Correct answers over questions asked, in percent. Accuracy \"over clients\" is the plain mean of"
                            + " the clients' accuracies: a small client counts as much as a large one."),
            new Term("points", "Difference of two percentages: from 30 % to 75 % is +45 points."),
            new Term(
                    "zero-shot",
                    "Accuracy of the model as it came, before round 1, with an adapter that does nothing."),
            new Term(
                    "majority answer",
                    "A baseline that never looks at the picture: for each kind of question it gives the most frequent"
                            + " answer in that client's training rows. A model that is not better has learnt frequencies"
                            + " only."),
            new Term("own test set", "Test questions whose answers are as frequent as in the client's own data."),
            new Term(
                    "balanced test set",
                    "Test questions whose answers are equally frequent, so that guessing the usual answer does not pay."),
            new Term(
                    "loss",
                    "How surprised the model is by the right answer, in nats per answer token (a nat is 1.44 bits); 0 is"
                            + " certainty. Measured on training rows while training."),
            new Term(
                    "merge weight share",
                    "How much of the merged adapter a client decided, in percent; all merged clients of a round add up"
                            + " to 100 %. With plain averaging it equals the share of training rows."),
            new Term(
                    "Fisher",
                    "For each adapter value, how strongly a client's answers depend on it. It weights the merge and is"
                            + " uploaded beside the adapter, with the same number of values."),
            new Term(
                    "activations up, gradients down",
                    "What split training sends at every step: the prompts' embeddings to the frozen model, and its"
                            + " gradients back. Usually far more than the adapters."),
            new Term("update norm", "Length (L2) of the step that the merged adapter took in a round."),
            new Term(
                    "outcome",
                    "What came of a client in a round: merged; failed (its code or data); straggler (too late); rejected"
                            + " (its update was not a number, absurdly large or against all others'); missing (no answer)."),
            new Term("kB, MB, GB", "Thousand, million, thousand million bytes."));

    private Glossary() {}
}
