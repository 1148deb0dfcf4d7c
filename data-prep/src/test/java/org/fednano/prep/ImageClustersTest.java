package org.fednano.prep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.spark.sql.SparkSession;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code prepare.split = clusters}, with the shipped model's encoder and MLlib's k-means. */
class ImageClustersTest {

    private static final int RECORDS = 60;

    @TempDir
    private Path folder;

    /** Three looks: bright, dark and red pictures; labels are spread over all of them. */
    private void draw() throws IOException {
        Random random = new Random(3);
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < RECORDS; i++) {
            BufferedImage image = new BufferedImage(48, 48, BufferedImage.TYPE_INT_RGB);
            Graphics2D canvas = image.createGraphics();
            canvas.setColor(List.of(Color.WHITE, Color.BLACK, Color.RED).get(i % 3));
            canvas.fillRect(0, 0, 48, 48);
            canvas.setColor(new Color(random.nextInt(1 << 24)));
            canvas.fillOval(random.nextInt(30), random.nextInt(30), 6, 6);
            canvas.dispose();
            File file = folder.resolve("p" + i + ".png").toFile();
            ImageIO.write(image, "png", file);
            lines.append("{\"id\": \"s%d\", \"image\": \"p%d.png\", \"question\": \"what?\", \"answer\": \"%d\"}\n"
                    .formatted(i, i, i % 2));
        }
        Files.writeString(folder.resolve("all.jsonl"), lines);
    }

    private Map<String, String> prepare(int cores, String out, String... sets) throws IOException {
        List<String> all = Stream.concat(
                        Stream.of(
                                "prepare.format=table",
                                "prepare.source=" + folder,
                                "prepare.out=" + folder.resolve(out),
                                "prepare.split=clusters",
                                "prepare.clients=3",
                                "model.dir=../conf/models/nano-llava"),
                        Stream.of(sets))
                .toList();
        SparkSession.Builder builder = SparkSession.builder()
                .master("local[" + cores + "]")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.bindAddress", "127.0.0.1");
        try (SparkSession spark = builder.getOrCreate()) {
            new Prepare(Settings.load(List.of(), all), spark, line -> {}).run(false);
        }
        Map<String, String> contents = new TreeMap<>();
        var manifest = new com.fasterxml.jackson.databind.ObjectMapper()
                .readTree(folder.resolve(out).resolve("manifest.json").toFile());
        manifest.path("clients")
                .forEach(c -> contents.put(
                        c.path("client_id").asText(),
                        c.path("content_sha256") + " " + c.path("rows").path("train")));
        return contents;
    }

    @Test
    void picturesThatLookAlikeStayTogetherWhateverTheCores() throws IOException {
        draw();
        Map<String, String> one = prepare(1, "one");
        assertEquals(3, one.size());
        one.forEach((client, content) -> assertTrue(content.endsWith(" 20"), client + ": " + content));
        assertEquals(one, prepare(3, "three"));
    }

    @Test
    void morePicturesThanClientsAreNeeded() throws IOException {
        draw();
        JobException e = assertThrows(JobException.class, () -> prepare(1, "many", "prepare.clients=61"));
        assertEquals(ExitStatus.BAD_INPUT, e.status());
        assertTrue(e.getMessage().contains("60"), e.getMessage());
    }
}
