package org.fednano.benchmarks;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.fednano.image.ImagePreprocessor;
import org.fednano.tensor.NamedTensors;
import org.fednano.vision.VisionConfig;
import org.fednano.vision.VisionTensors;
import org.fednano.vision.VisionTower;
import org.fednano.weights.HfModelFolder;

/** Decoder, preprocessing, tower and connector on DJL's arrays, and threads: no Spark. */
final class BareLoop implements AutoCloseable {
    private final VisionConfig config;
    private final ImagePreprocessor preprocessor;
    private final NamedTensors weights;
    private final VisionTower tower;
    private final int batchSize;
    private final List<byte[]> pictures;
    private final int threads;
    private final ExecutorService pool;

    BareLoop(HfModelFolder model, List<byte[]> pictures, int threads, int batchSize) {
        this.pictures = pictures;
        this.threads = threads;
        pool = Executors.newFixedThreadPool(threads);
        this.batchSize = batchSize;
        config = VisionConfig.of(model.config());
        preprocessor = new ImagePreprocessor(
                HfModelFolder.json(model.text("preprocessor_config.json"), model.folder()), config.imageSize());
        weights = new NamedTensors(VisionTensors.of(config, model));
        tower = new VisionTower(config, weights);
    }

    /** (B, N, H). */
    float[] encode(List<byte[]> files) {
        int side = config.imageSize();
        float[] pixels = new float[batchSize * 3 * side * side];
        for (int i = 0; i < files.size(); i++) {
            float[] one = preprocessor.pixels(files.get(i), "the benchmark");
            System.arraycopy(one, 0, pixels, i * one.length, one.length);
        }
        try (NDManager manager = weights.manager().newSubManager()) {
            return tower.imageEmbeddings(manager.create(pixels, new Shape(batchSize, 3, side, side)))
                    .toFloatArray();
        }
    }

    void encodeAll() throws ExecutionException, InterruptedException {
        int part = pictures.size() / threads;
        List<Future<?>> parts = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            List<byte[]> own = pictures.subList(t * part, (t + 1) * part);
            parts.add(pool.submit(() -> {
                for (int from = 0; from < own.size(); from += batchSize) {
                    encode(own.subList(from, Math.min(from + batchSize, own.size())));
                }
            }));
        }
        for (Future<?> done : parts) {
            done.get();
        }
    }

    @Override
    public void close() {
        pool.shutdownNow();
        weights.close();
    }
}
