package org.fednano.encoder;

import java.util.Map;
import org.fednano.weights.FloatTensor;

/** CLIP's vision transformer and LLaVA's connector in loops and double precision: the twin of {@link VisionTower}. */
final class NaiveTower {

    private final VisionConfig config;
    private final Map<String, FloatTensor> weights;

    NaiveTower(VisionConfig config, Map<String, FloatTensor> weights) {
        this.config = config;
        this.weights = weights;
    }

    /** One picture (3, S, S) to (imageTokens, H). */
    double[][] imageEmbeddings(float[] pixels) {
        double[][] x = norm(embed(pixels), "vision_tower.vision_model.pre_layrnorm");
        for (int layer = 0; layer < config.usedLayers(); layer++) {
            String name = "vision_tower.vision_model.encoder.layers." + layer + ".";
            add(x, attention(norm(x, name + "layer_norm1"), name + "self_attn."));
            double[][] inner = linear(norm(x, name + "layer_norm2"), name + "mlp.fc1");
            activate(inner, config.activation());
            add(x, linear(inner, name + "mlp.fc2"));
        }
        double[][] used = config.keepsClassToken() ? x : java.util.Arrays.copyOfRange(x, 1, x.length);
        double[][] projected = linear(used, "multi_modal_projector.linear_1");
        activate(projected, config.projectorActivation());
        return linear(projected, "multi_modal_projector.linear_2");
    }

    private double[][] embed(float[] pixels) {
        int s = config.imageSize();
        int p = config.patchSize();
        int d = config.width();
        float[] kernel = values("vision_tower.vision_model.embeddings.patch_embedding.weight");
        float[] positions = values("vision_tower.vision_model.embeddings.position_embedding.weight");
        float[] first = values("vision_tower.vision_model.embeddings.class_embedding");
        double[][] x = new double[config.patches() + 1][d];
        for (int token = 0; token <= config.patches(); token++) {
            for (int o = 0; o < d; o++) {
                x[token][o] = positions[token * d + o] + (token == 0 ? first[o] : 0);
                for (int k = 0; token > 0 && k < 3 * p * p; k++) {
                    int row = (token - 1) / config.grid() * p + k / p % p;
                    int column = (token - 1) % config.grid() * p + k % p;
                    x[token][o] += pixels[k / (p * p) * s * s + row * s + column] * kernel[o * 3 * p * p + k];
                }
            }
        }
        return x;
    }

    private double[][] attention(double[][] x, String name) {
        int e = config.width() / config.heads();
        double[][] q = linear(x, name + "q_proj");
        double[][] k = linear(x, name + "k_proj");
        double[][] v = linear(x, name + "v_proj");
        double[][] joined = new double[x.length][config.width()];
        for (int head = 0; head < config.heads(); head++) {
            for (int t = 0; t < x.length; t++) {
                double[] weight = new double[x.length];
                double total = 0;
                for (int s = 0; s < x.length; s++) {
                    double dot = 0;
                    for (int i = head * e; i < (head + 1) * e; i++) {
                        dot += q[t][i] * k[s][i];
                    }
                    weight[s] = Math.exp(dot / Math.sqrt(e));
                    total += weight[s];
                }
                for (int s = 0; s < x.length; s++) {
                    for (int i = head * e; i < (head + 1) * e; i++) {
                        joined[t][i] += weight[s] / total * v[s][i];
                    }
                }
            }
        }
        return linear(joined, name + "out_proj");
    }

    private static void activate(double[][] x, String name) {
        for (double[] row : x) {
            for (int i = 0; i < row.length; i++) {
                row[i] = name.equals("quick_gelu")
                        ? row[i] / (1 + Math.exp(-1.702 * row[i]))
                        : row[i] * 0.5 * (1 + erf(row[i] / Math.sqrt(2)));
            }
        }
    }

    /** By its series; exact enough for small arguments. */
    private static double erf(double x) {
        double term = x;
        double sum = x;
        for (int n = 1; n < 200; n++) {
            term *= -x * x / n;
            sum += term / (2 * n + 1);
        }
        return 2 / Math.sqrt(Math.PI) * sum;
    }

    private double[][] norm(double[][] x, String name) {
        float[] weight = values(name + ".weight");
        float[] bias = values(name + ".bias");
        double[][] out = new double[x.length][weight.length];
        for (int t = 0; t < x.length; t++) {
            double mean = java.util.Arrays.stream(x[t]).average().orElseThrow();
            double variance = java.util.Arrays.stream(x[t])
                    .map(v -> (v - mean) * (v - mean))
                    .average()
                    .orElseThrow();
            for (int i = 0; i < weight.length; i++) {
                out[t][i] = (x[t][i] - mean) / Math.sqrt(variance + config.epsilon()) * weight[i] + bias[i];
            }
        }
        return out;
    }

    private double[][] linear(double[][] x, String name) {
        float[] weight = values(name + ".weight");
        float[] bias = values(name + ".bias");
        double[][] y = new double[x.length][bias.length];
        for (int t = 0; t < x.length; t++) {
            for (int o = 0; o < bias.length; o++) {
                y[t][o] = bias[o];
                for (int i = 0; i < x[t].length; i++) {
                    y[t][o] += x[t][i] * weight[o * x[t].length + i];
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

    private float[] values(String name) {
        return weights.get(name).values();
    }
}
