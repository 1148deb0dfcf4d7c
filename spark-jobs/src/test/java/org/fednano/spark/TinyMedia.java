package org.fednano.spark;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.fednano.testing.ScriptedEncoder;
import org.fednano.testing.TestSounds;
import org.fednano.testing.TinyModel;

/** Shards with pictures, thermal pictures and sounds, and folders of TorchScript encoders for the latter two. */
public final class TinyMedia {

    private static final List<String> ANSWERS = List.of("red", "green", "blue");
    private static final MessageType SCHEMA = MessageTypeParser.parseMessageType(
            """
            message sample {
              required binary sample_id (STRING);
              required binary question (STRING);
              required binary answer (STRING);
              optional binary image;
              optional group media (LIST) { repeated group list {
                optional group element { optional binary modality (STRING); optional binary bytes; } } }
            }""");

    private TinyMedia() {}

    /** The setting {@code model.encoders} for two encoders written below {@code folder}. */
    public static String encoders(Path folder) {
        Path thermal = ScriptedEncoder.images(folder.resolve("thermal"), TinyModel.HIDDEN);
        Path audio = ScriptedEncoder.sounds(folder.resolve("audio"), TinyModel.HIDDEN);
        return "model.encoders=[\"thermal=" + thermal + "\",\"audio=" + audio + "\"]";
    }

    /** Shards of three clients: one with pictures, one with thermal pictures and sounds, one with all of them at once. */
    public static Path write(Path folder) throws IOException {
        ObjectMapper json = new ObjectMapper();
        ObjectNode manifest = json.createObjectNode().put("format", 1).put("source_fingerprint", "media");
        var clients = manifest.putArray("clients");
        for (int k = 1; k <= 3; k++) {
            String client = "c00" + k;
            int kind = k;
            for (String split : List.of("train", "test")) {
                Path file = folder.resolve("clients/client_id=" + client + "/split=" + split + "/part-00000.parquet");
                Files.createDirectories(file.getParent());
                TinyShards.write(file, SCHEMA, 6, i -> row(client + split + i, kind, i));
            }
            clients.addObject()
                    .put("client_id", client)
                    .putObject("rows")
                    .put("train", 6)
                    .put("test", 6);
        }
        Files.write(folder.resolve("manifest.json"), json.writeValueAsBytes(manifest));
        return folder;
    }

    private static Group row(String id, int kind, int i) {
        Group row = new SimpleGroup(SCHEMA);
        row.append("sample_id", id).append("question", "Which one is it?").append("answer", ANSWERS.get(i % 3));
        Random random = new Random(id.hashCode());
        if (kind != 2) {
            row.append("image", Binary.fromConstantByteArray(TinyShards.png(i % 3, random)));
        }
        if (kind != 1) {
            Group list = row.addGroup("media");
            // In prompt order; two sounds in some rows, and another order in others.
            for (String modality : i % 2 == 0 ? List.of("thermal", "audio") : List.of("audio", "audio", "thermal")) {
                byte[] file = modality.equals("audio") ? tone(i, random) : TinyShards.png(i % 3, random);
                list.addGroup(0)
                        .addGroup(0)
                        .append("modality", modality)
                        .append("bytes", Binary.fromConstantByteArray(file));
            }
        }
        return row;
    }

    private static byte[] tone(int pitch, Random random) {
        int samples = 120 + random.nextInt(80);
        short[] values = new short[samples];
        for (int t = 0; t < samples; t++) {
            values[t] = (short) (15000 * Math.sin(0.1 * (pitch + 1) * t) + random.nextInt(2000));
        }
        return TestSounds.wav(320, values);
    }
}
