package org.fednano.llm.model;

import java.util.Map;
import org.fednano.weights.FloatTensor;

/**
 * LLaMA's decoder written out in loops and double precision, one sequence at a time, straight from its definition: the
 * independent twin that {@link LlamaDecoder} is compared with.
 */
final class NaiveDecoder {

    private final LlamaConfig config;
    private final Map<String, FloatTensor> weights;

    NaiveDecoder(LlamaConfig config, Map<String, FloatTensor> weights) {
        this.config = config;
        this.weights = weights;
    }

    /**
     * @param x (S, H)
     * @return (S, V) logits
     */
    double[][] logits(double[][] x) {
        int s = x.length;
        double[][] h = new double[s][];
        for (int t = 0; t < s; t++) {
            h[t] = x[t].clone();
        }
        for (int layer = 0; layer < config.layers(); layer++) {
            String name = "language_model.model.layers." + layer + ".";
            double[][] attended = attention(norm(h, name + "input_layernorm.weight"), name + "self_attn.");
            add(h, attended);
            double[][] normed = norm(h, name + "post_attention_layernorm.weight");
            double[][] gate = linear(normed, name + "mlp.gate_proj.weight");
            double[][] up = linear(normed, name + "mlp.up_proj.weight");
            for (int t = 0; t < s; t++) {
                for (int i = 0; i < gate[t].length; i++) {
                    gate[t][i] = gate[t][i] / (1 + Math.exp(-gate[t][i])) * up[t][i];
                }
            }
            add(h, linear(gate, name + "mlp.down_proj.weight"));
        }
        String output = config.tied() ? "language_model.model.embed_tokens.weight" : "language_model.lm_head.weight";
        return linear(norm(h, "language_model.model.norm.weight"), output);
    }

    /** Mean negative log-likelihood of an answer behind a prompt. */
    double loss(double[][] prompt, int[] answer) {
        double[][] x = java.util.Arrays.copyOf(prompt, prompt.length + answer.length - 1);
        for (int j = 0; j + 1 < answer.length; j++) {
            x[prompt.length + j] = embedding(answer[j]);
        }
        double[][] logits = logits(x);
        double sum = 0;
        for (int j = 0; j < answer.length; j++) {
            double[] row = logits[prompt.length - 1 + j];
            double total = 0;
            for (double value : row) {
                total += Math.exp(value);
            }
            sum += Math.log(total) - row[answer[j]];
        }
        return sum / answer.length;
    }

    double[] embedding(int id) {
        float[] table = weights.get("language_model.model.embed_tokens.weight").values();
        double[] row = new double[config.hidden()];
        for (int i = 0; i < row.length; i++) {
            row[i] = table[id * row.length + i];
        }
        return row;
    }

    private double[][] attention(double[][] x, String name) {
        int e = config.headWidth();
        double[][] q = linear(x, name + "q_proj.weight");
        double[][] k = linear(x, name + "k_proj.weight");
        double[][] v = linear(x, name + "v_proj.weight");
        double[][] joined = new double[x.length][config.heads() * e];
        for (int head = 0; head < config.heads(); head++) {
            int shared = head / (config.heads() / config.keyValueHeads());
            for (int t = 0; t < x.length; t++) {
                int first = config.window() == 0 ? 0 : Math.max(0, t + 1 - config.window());
                double[] weight = new double[t + 1];
                double total = 0;
                double[] query = rotated(q[t], head, t);
                for (int s = first; s <= t; s++) {
                    double[] key = rotated(k[s], shared, s);
                    double dot = 0;
                    for (int i = 0; i < e; i++) {
                        dot += query[i] * key[i];
                    }
                    weight[s] = Math.exp(dot / Math.sqrt(e));
                    total += weight[s];
                }
                for (int s = first; s <= t; s++) {
                    for (int i = 0; i < e; i++) {
                        joined[t][head * e + i] += weight[s] / total * v[s][shared * e + i];
                    }
                }
            }
        }
        return linear(joined, name + "o_proj.weight");
    }

    private double[] rotated(double[] row, int head, int position) {
        int e = config.headWidth();
        double[] out = new double[e];
        for (int i = 0; i < e / 2; i++) {
            double angle = position * scaled(Math.pow(config.rope().theta(), -2.0 * i / e));
            double a = row[head * e + i];
            double b = row[head * e + i + e / 2];
            out[i] = a * Math.cos(angle) - b * Math.sin(angle);
            out[i + e / 2] = b * Math.cos(angle) + a * Math.sin(angle);
        }
        return out;
    }

    private double scaled(double frequency) {
        if (config.rope().scaling() instanceof Rope.Linear linear) {
            return frequency / linear.factor();
        }
        if (config.rope().scaling() instanceof Rope.Llama3 llama3) {
            double waves = llama3.context() * frequency / (2 * Math.PI);
            double kept = Math.min(1, Math.max(0, (waves - llama3.low()) / (llama3.high() - llama3.low())));
            return frequency * (kept + (1 - kept) / llama3.factor());
        }
        return frequency;
    }

    private double[][] norm(double[][] x, String name) {
        float[] weight = weights.get(name).values();
        double[][] out = new double[x.length][config.hidden()];
        for (int t = 0; t < x.length; t++) {
            double square = 0;
            for (double value : x[t]) {
                square += value * value;
            }
            double root = Math.sqrt(square / x[t].length + config.epsilon());
            for (int i = 0; i < x[t].length; i++) {
                out[t][i] = x[t][i] / root * weight[i];
            }
        }
        return out;
    }

    private double[][] linear(double[][] x, String name) {
        FloatTensor weight = weights.get(name);
        int out = (int) weight.shape()[0];
        int in = (int) weight.shape()[1];
        FloatTensor bias = weights.get(name.replace(".weight", ".bias"));
        double[][] y = new double[x.length][out];
        for (int t = 0; t < x.length; t++) {
            for (int o = 0; o < out; o++) {
                y[t][o] = bias == null ? 0 : bias.values()[o];
                for (int i = 0; i < in; i++) {
                    y[t][o] += x[t][i] * weight.values()[o * in + i];
                }
            }
        }
        return y;
    }

    private static void add(double[][] x, double[][] y) {
        for (int t = 0; t < x.length; t++) {
            for (int i = 0; i < x[t].length; i++) {
                x[t][i] += y[t][i];
            }
        }
    }
}
