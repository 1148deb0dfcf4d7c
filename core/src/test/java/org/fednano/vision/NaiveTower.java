package org.fednano.vision;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.fednano.weights.FloatTensor;

/** CLIP, SigLIP and LLaVA's connector in loops and double precision: the twin of {@link VisionTower}. */
public final class NaiveTower {

    private final VisionConfig config;
    private final Map<String, FloatTensor> weights;

    public NaiveTower(VisionConfig config, Map<String, FloatTensor> weights) {
        this.config = config;
        this.weights = weights;
    }

    /** One picture (3, S, S) to (imageTokens, H). */
    public double[][] imageEmbeddings(float[] pixels) {
        boolean clip = config.family() == VisionConfig.Family.CLIP;
        List<double[][]> states = new ArrayList<>();
        double[][] embedded = embed(pixels, clip);
        states.add(clip ? norm(embedded, "vision_tower.vision_model.pre_layrnorm") : embedded);
        for (int layer = 0; layer < config.layers(); layer++) {
            double[][] x = Arrays.stream(states.get(layer)).map(double[]::clone).toArray(double[][]::new);
            String name = "vision_tower.vision_model.encoder.layers." + layer + ".";
            add(x, attention(norm(x, name + "layer_norm1"), name + "self_attn."));
            double[][] inner = linear(norm(x, name + "layer_norm2"), name + "mlp.fc1");
            activate(inner, config.activation());
            add(x, linear(inner, name + "mlp.fc2"));
            states.add(x);
        }
        double[][] projected = linear(sideBySide(states), "multi_modal_projector.linear_1");
        activate(projected, config.projectorActivation());
        return linear(projected, "multi_modal_projector.linear_2");
    }

    private double[][] sideBySide(List<double[][]> states) {
        double[][] used = new double[config.imageTokens()][config.featureWidth()];
        int dropped = config.keepsFirstToken() ? 0 : 1;
        for (int t = 0; t < used.length; t++) {
            for (int f = 0; f < config.featureLayers().size(); f++) {
                double[] token = states.get(config.featureLayers().get(f))[t + dropped];
                System.arraycopy(token, 0, used[t], f * config.width(), config.width());
            }
        }
        return used;
    }

    private double[][] embed(float[] pixels, boolean clip) {
        int s = config.imageSize();
        int p = config.patchSize();
        int d = config.width();
        String name = "vision_tower.vision_model.embeddings.";
        float[] kernel = values(name + "patch_embedding.weight");
        float[] positions = values(name + "position_embedding.weight");
        float[] start = values(name + (clip ? "class_embedding" : "patch_embedding.bias"));
        int before = clip ? 1 : 0;
        double[][] x = new double[config.patches() + before][d];
        for (int token = 0; token < x.length; token++) {
            int patch = token - before;
            for (int o = 0; o < d; o++) {
                x[token][o] = positions[token * d + o] + (patch < 0 || !clip ? start[o] : 0);
                for (int k = 0; patch >= 0 && k < 3 * p * p; k++) {
                    int row = patch / config.grid() * p + k / p % p;
                    int column = patch % config.grid() * p + k % p;
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
                row[i] = switch (name) {
                    case "quick_gelu" -> row[i] / (1 + Math.exp(-1.702 * row[i]));
                    case "gelu_pytorch_tanh" -> row[i]
                            * 0.5
                            * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (row[i] + 0.044715 * Math.pow(row[i], 3))));
                    case "silu" -> row[i] / (1 + Math.exp(-row[i]));
                    case "relu" -> Math.max(0, row[i]);
                    case "tanh" -> Math.tanh(row[i]);
                    default -> row[i] * 0.5 * (1 + erf(row[i] / Math.sqrt(2)));
                };
            }
        }
    }

    /** By its series, where that converges. */
    private static double erf(double x) {
        if (Math.abs(x) > 5) {
            return Math.signum(x);
        }
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
            double mean = Arrays.stream(x[t]).average().orElseThrow();
            double variance = Arrays.stream(x[t])
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
        FloatTensor given = weights.get(name + ".bias");
        float[] bias = given == null ? new float[weight.length / x[0].length] : given.values();
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
