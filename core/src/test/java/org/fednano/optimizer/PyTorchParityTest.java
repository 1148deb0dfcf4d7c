package org.fednano.optimizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import org.fednano.adapter.Fixture;
import org.junit.jupiter.api.Test;

/** Ten steps of each optimiser against PyTorch's, on gradients from 1e-6 to 1e3 and exact zeros. */
class PyTorchParityTest {

    @Test
    void tenStepsMatchPyTorch() {
        Fixture fixture = Fixture.read("optimizers.json");
        for (JsonNode c : fixture.json().get("cases")) {
            OptimizerSpec spec = new OptimizerSpec(
                    c.get("name").textValue(),
                    c.get("learning_rate").doubleValue(),
                    c.get("beta1").doubleValue(),
                    c.get("beta2").doubleValue(),
                    c.get("epsilon").doubleValue(),
                    c.get("weight_decay").doubleValue(),
                    c.get("momentum").doubleValue());
            float[] theta = fixture.floats("start");
            Optimizer optimizer = spec.fresh(theta.length);
            for (int step = 0; step < 10; step++) {
                optimizer.step(
                        theta, Fixture.floats(fixture.json().get("gradients").get(step)));
                float[] expected = Fixture.floats(c.get("theta").get(step));
                for (int i = 0; i < theta.length; i++) {
                    assertEquals(
                            expected[i],
                            theta[i],
                            2e-6 * Math.max(1, Math.abs(expected[i])),
                            spec + ", step " + step + ", parameter " + i);
                }
            }
        }
    }

    @Test
    void wrongSizesAndNamesAreRefused() {
        OptimizerSpec adamw = new OptimizerSpec("adamw", 0.1, 0.9, 0.999, 1e-8, 0, 0);
        assertThrows(IllegalArgumentException.class, () -> adamw.fresh(3).step(new float[3], new float[2]));
        assertThrows(
                IllegalArgumentException.class, () -> new OptimizerSpec("adam", 0.1, 0.9, 0.999, 1e-8, 0, 0).fresh(3));
    }
}
