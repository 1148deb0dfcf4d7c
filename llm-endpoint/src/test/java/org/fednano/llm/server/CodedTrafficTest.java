package org.fednano.llm.server;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.fednano.algorithm.Wire;
import org.fednano.llm.server.WireCost.Cost;
import org.fednano.llm.server.WireCost.Shape;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Bytes that TCP carries, both ways, by embeddings against by features and codes. */
@Tag("slow")
class CodedTrafficTest {

    private static double ratio(Shape shape) throws IOException {
        Cost first = WireCost.measure(shape, Wire.EMBEDDINGS, 0);
        Cost second = WireCost.measure(shape, Wire.CODES, 0);
        return (double) first.all() / second.all();
    }

    /** LLaVA's shapes, rank 64: a step of training, features already there. */
    @Test
    void aStepOfALargeModelIs24TimesLess() throws IOException {
        WireCost.Step step = WireCost.step(new Shape(4096, 64, 640, 8, 8, 1));
        assertTrue(step.embeddings() >= 24 * step.codes(), step.toString());
    }

    /** The demo's shapes, Fisher pass and features included. */
    @Test
    void tenRoundsOfASmallModelAre5TimesLess() throws IOException {
        assertTrue(ratio(new Shape(128, 8, 40, 8, 64, 10)) >= 5);
    }

    /** Those of a decoder of 100 M weights at rank 8. */
    @Test
    void tenRoundsOfAMiddlingModelAre10TimesLess() throws IOException {
        assertTrue(ratio(new Shape(768, 8, 128, 8, 16, 10)) >= 10);
    }
}
