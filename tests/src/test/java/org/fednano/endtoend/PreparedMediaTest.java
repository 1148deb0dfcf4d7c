package org.fednano.endtoend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.fednano.prep.Prepare;
import org.fednano.sample.Medium;
import org.fednano.sample.Sample;
import org.fednano.sample.Split;
import org.fednano.settings.Settings;
import org.fednano.shards.SharedShards;
import org.fednano.testing.TestImages;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What prepare writes is what training reads: the two modules meet on disk only. */
class PreparedMediaTest {

    @TempDir
    private Path temp;

    @Test
    void picturesToChooseFromComeInTheirOrder() throws IOException {
        Path folder = Files.createDirectories(temp.resolve("raw/iconqa/train/choose_img/7"));
        List<byte[]> pictures = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            pictures.add(TestImages.black(i + 1, i + 1));
            Files.write(folder.resolve(i == 0 ? "image.png" : "choice_" + (i - 1) + ".png"), pictures.get(i));
        }
        Files.writeString(
                temp.resolve("raw/problems.json"),
                "{\"7\": {\"question\": \"Which one?\", \"choices\": [\"choice_0.png\", \"choice_1.png\"], \"answer\": 1,"
                        + " \"ques_type\": \"choose_img\", \"split\": \"train\", \"owner\": \"c001\"}}");
        Sample sample = prepared().get(0);
        assertEquals("Which one? Pictures 2 and 3 are the choices A and B.", sample.question());
        assertEquals(List.of("A", "B"), sample.choices());
        assertEquals("B", sample.answer());
        assertEquals(1, sample.answerIndex());
        assertEquals(3, sample.media().size());
        for (int i = 0; i < 3; i++) {
            assertEquals(Medium.IMAGE, sample.media().get(i).modality());
            assertArrayEquals(pictures.get(i), sample.media().get(i).bytes());
        }
    }

    @Test
    void aSoundWithoutPictureIsTheOnlyMedium() throws IOException {
        Files.createDirectories(temp.resolve("raw"));
        Files.write(temp.resolve("raw/a.wav"), new byte[] {1, 2});
        Files.writeString(
                temp.resolve("raw/rows.jsonl"),
                "{\"id\": 1, \"owner\": \"c001\", \"context\": \"Listen.\", \"question\": \"What?\", \"answer\": \"a dog\","
                        + " \"wav\": \"a.wav\"}\n{\"id\": 2, \"owner\": \"c001\", \"question\": \"q\", \"answer\": \"a\"}");
        List<Sample> samples = prepared("prepare.format=table", "prepare.columns.audio=wav");
        assertEquals("Listen.", samples.get(0).context());
        assertEquals(1, samples.get(0).media().size());
        assertEquals("audio", samples.get(0).media().get(0).modality());
        assertArrayEquals(new byte[] {1, 2}, samples.get(0).media().get(0).bytes());
        assertEquals(List.of(), samples.get(1).media());
    }

    private List<Sample> prepared(String... sets) {
        List<String> all = new ArrayList<>(
                List.of("prepare.source=" + temp.resolve("raw"), "prepare.out=" + temp.resolve("shards")));
        all.addAll(List.of(sets));
        try (SparkSession spark = SparkSession.builder()
                .master("local[1]")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .getOrCreate()) {
            new Prepare(Settings.load(List.of(), all), spark, line -> {}).run(false);
        }
        List<Sample> samples = new ArrayList<>();
        Configuration conf = new Configuration();
        SharedShards.open(conf, temp.resolve("shards").toString())
                .rows(conf, "c001")
                .read(Split.TRAIN, samples::add);
        return samples;
    }
}
