package org.fednano.adapter;

import java.util.Random;

/** How NanoAdapters start. */
public final class AdapterInit {
    private AdapterInit() {}

    /**
     * W_down Kaiming-uniform in (−1/√H, 1/√H), which is what LoRA takes (gain of a leaky ReLU with slope √5, fan-in H);
     * W_up zero, so that every adapter starts as the identity.
     *
     * @return θ of round 0, in the layout's order
     */
    public static float[] theta(AdapterLayout layout, long seed) {
        Random random = new Random(seed);
        float[] theta = new float[layout.size()];
        double bound = 1 / Math.sqrt(layout.hidden());
        for (int m = 0; m < layout.modalities().size(); m++) {
            int end = layout.upOffset(m);
            for (int i = layout.downOffset(m); i < end; i++) {
                theta[i] = (float) ((2 * random.nextDouble() - 1) * bound);
            }
        }
        return theta;
    }
}
