package org.fednano.udf;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkEnv;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.fednano.prompt.PromptTokenizer;

/** Tokenizers of model folders, one per folder and JVM. */
final class Tokens {

    /** A tokenizer is native memory for as long as the JVM lives; a query has one or two. */
    private static final int MOST_TOKENIZERS = 16;

    private static final Map<String, PromptTokenizer> OPEN = new ConcurrentHashMap<>();

    private Tokens() {}

    /**
     * Ids of a text's tokens, without start and end.
     *
     * @param model URI of a model folder that every executor can read
     * @throws IllegalArgumentException if there is no tokenizer, or the query names too many
     */
    static int[] ids(String text, String model) {
        return OPEN.computeIfAbsent(model, Tokens::open).encode(text, false);
    }

    private static PromptTokenizer open(String model) {
        if (OPEN.size() >= MOST_TOKENIZERS) {
            throw new IllegalArgumentException("tokenise and count_tokens take at most " + MOST_TOKENIZERS
                    + " model folders per JVM: found another one, '" + model
                    + "'. Name one folder, as a text, not a column.");
        }
        Path file = new Path(model, "tokenizer.json");
        try (var in = file.getFileSystem(hadoop()).open(file)) {
            return new PromptTokenizer(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "tokenise and count_tokens need a model folder with a tokenizer.json that every executor can read:"
                            + " found none at '" + model + "' (" + e.getMessage() + ").",
                    e);
        }
    }

    /** With the session's {@code spark.hadoop.*}: credentials of object stores, for one. */
    private static Configuration hadoop() {
        return SparkHadoopUtil.get().newConfiguration(SparkEnv.get().conf());
    }
}
