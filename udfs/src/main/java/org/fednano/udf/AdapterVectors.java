package org.fednano.udf;

import org.fednano.settings.JobException;
import org.fednano.weights.SafeTensors;

/** Adapter files as vectors. */
final class AdapterVectors {

    private AdapterVectors() {}

    /** Tensors of a safetensors file one behind the other, in the order of their names; null if it is none. */
    static float[] of(byte[] file) {
        if (file == null) {
            return null;
        }
        try {
            SafeTensors tensors = SafeTensors.of(file, "adapter_vector");
            var names = tensors.names().stream().sorted().toList();
            int size = 0;
            for (String name : names) {
                size = Math.addExact(size, tensors.tensor(name).size());
            }
            float[] vector = new float[size];
            int at = 0;
            for (String name : names) {
                float[] values = tensors.tensor(name).values();
                System.arraycopy(values, 0, vector, at, values.length);
                at += values.length;
            }
            return vector;
        } catch (JobException e) {
            return null;
        }
    }
}
