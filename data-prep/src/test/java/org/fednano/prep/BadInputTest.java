package org.fednano.prep;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.fednano.prep.format.RawFormat;
import org.fednano.prep.format.RawSample;
import org.fednano.prep.format.RecordResult;
import org.fednano.prep.format.Reject;
import org.fednano.prep.source.IndexFiles;
import org.fednano.prep.source.RawIndex;
import org.fednano.prep.source.RejectReason;
import org.fednano.prep.source.SourceConfig;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What raw data may throw at prepare: counted and refused or read, with bounded memory, and only below its folder. */
class BadInputTest {

    private static final byte[] PNG = RawFolder.png(6, 4);

    @TempDir
    private Path temp;

    private Path raw() throws IOException {
        return Files.createDirectories(temp.resolve("raw"));
    }

    private List<RecordResult> lines(byte[] file) throws IOException {
        Files.write(raw().resolve("rows.jsonl"), file);
        return Raw.check(raw(), "prepare.format=table", "prepare.split=iid");
    }

    private static String row(String question) {
        return "{\"question\": \"" + question + "\", \"answer\": \"a\"}\n";
    }

    private RecordResult picture(byte[] file) throws IOException {
        Files.write(raw().resolve("picture"), file);
        String line = "{\"question\": \"q\", \"answer\": \"a\", \"image\": \"picture\"}";
        return lines(line.getBytes(StandardCharsets.UTF_8)).get(0);
    }

    @Test
    void aHugePictureIsRefusedByItsHeader() throws IOException {
        byte[] bomb = BadImages.blank(30_000, 30_000);
        assertTrue(bomb.length < 1 << 20, "a zip bomb: " + bomb.length);
        String detail =
                Raw.rejected(RejectReason.IMAGE_TOO_LARGE, picture(bomb)).detail();
        assertTrue(detail.contains("30000 x 30000"), detail);
        Raw.rejected(RejectReason.IMAGE_TOO_LARGE, picture(BadImages.blank(70_000, 1)));
        String screen = Raw.rejected(RejectReason.IMAGE_TOO_LARGE, picture(BadImages.gif(8_000, 8_000)))
                .detail();
        assertTrue(screen.contains("8000 x 8000"), screen);
        Raw.accepted(picture(BadImages.gif(20, 10)));
    }

    @Test
    void whatUnpacksToGigabytesTakesNoMoreThanThePicture() throws IOException {
        // Both claim 8 x 8 pixels; only those are unpacked.
        Raw.accepted(picture(BadImages.withEndlessComment(1_000)));
        RecordResult checked = picture(BadImages.withEndlessPixels(1_000));
        assertTrue(checked instanceof RawSample || ((Reject) checked).reason() == RejectReason.UNDECODABLE_IMAGE);
    }

    @Test
    void picturesThatAreCutShortAreNoPictures() throws IOException {
        byte[] png = RawFolder.png(30, 30);
        for (int length = 0; length < png.length - 16; length += 97) {
            Raw.rejected(RejectReason.UNDECODABLE_IMAGE, picture(Arrays.copyOf(png, length)));
        }
        ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
        ImageIO.write(ImageIO.read(new java.io.ByteArrayInputStream(png)), "jpeg", jpeg);
        Raw.accepted(picture(jpeg.toByteArray()));
        Raw.rejected(RejectReason.UNDECODABLE_IMAGE, picture(Arrays.copyOf(jpeg.toByteArray(), jpeg.size() * 2 / 3)));
        ByteArrayOutputStream other = new ByteArrayOutputStream();
        ImageIO.write(new BufferedImage(4, 4, BufferedImage.TYPE_BYTE_BINARY), "wbmp", other);
        Raw.rejected(RejectReason.UNDECODABLE_IMAGE, picture(other.toByteArray())); // training cannot read it either
    }

    @Test
    void aRecordOfFiftyMegabytesIsRefusedWithoutBeingHeld() throws IOException {
        Path file = raw().resolve("rows.jsonl");
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
            out.write(row("before").getBytes(StandardCharsets.UTF_8));
            writeLong(out, "{\"question\": \"");
            out.write(("\", \"answer\": \"b\"}\n" + row("after")).getBytes(StandardCharsets.UTF_8));
        }
        List<RecordResult> checked = Raw.check(raw(), "prepare.format=table", "prepare.split=iid");
        Raw.accepted(checked.get(0));
        Reject reject = Raw.rejected(RejectReason.RECORD_TOO_LARGE, checked.get(1));
        assertEquals("rows.jsonl#2", reject.source());
        Raw.accepted(checked.get(2));

        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(raw().resolve("problems.json")))) {
            writeLong(out, "{\"1\": {\"question\": \"");
            out.write("\"}, \"2\": 3}".getBytes(StandardCharsets.UTF_8));
        }
        List<RecordResult> problems = Raw.check(raw());
        Raw.rejected(RejectReason.RECORD_TOO_LARGE, problems.get(0));
        Raw.rejected(RejectReason.BROKEN_RECORD, problems.get(1));
    }

    private static void writeLong(OutputStream out, String start) throws IOException {
        out.write(start.getBytes(StandardCharsets.UTF_8));
        byte[] megabyte = "x".repeat(1 << 20).getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < 50; i++) {
            out.write(megabyte);
        }
    }

    @Test
    void otherEncodingsAreRefusedNotMisread() throws IOException {
        String text = row("Größe?");
        List<RecordResult> mixed = lines(join(
                text.getBytes(StandardCharsets.UTF_8),
                text.getBytes(StandardCharsets.ISO_8859_1),
                row("\\ud83d lone").getBytes(StandardCharsets.UTF_8),
                row("问题\\ud83d\\ude00").getBytes(StandardCharsets.UTF_8)));
        assertEquals("Größe?", Raw.accepted(mixed.get(0)).question());
        Raw.rejected(RejectReason.BROKEN_ENCODING, mixed.get(1));
        Raw.rejected(RejectReason.BROKEN_ENCODING, mixed.get(2));
        assertEquals("问题\uD83D\uDE00", Raw.accepted(mixed.get(3)).question());
        for (RecordResult c : lines(text.getBytes(StandardCharsets.UTF_16))) {
            assertInstanceOf(Reject.class, c);
        }
        byte[] mark = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};
        Raw.accepted(lines(join(mark, text.getBytes(StandardCharsets.UTF_8))).get(0));
    }

    @Test
    void oneRecordInAnotherEncodingDoesNotSpoilItsFile() throws IOException {
        String record = RawFolder.fillRecord("c001", "train", "sieben").toString();
        byte[] mark = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};
        byte[] file = join(
                mark,
                ("{\"1\": " + record + ",\n\"2\": ").getBytes(StandardCharsets.UTF_8),
                record.replace("How", "Wieviel größer").getBytes(StandardCharsets.ISO_8859_1),
                ",\"ä\": ".getBytes(StandardCharsets.ISO_8859_1),
                (record + ", \"\\u00e4\\u95ee\": " + record + ", \"ö\": " + record + "}")
                        .getBytes(StandardCharsets.UTF_8));
        Files.write(raw().resolve("problems.json"), file);
        RawFolder pictures = new RawFolder(raw());
        for (String id : List.of("1", "2", "ä问", "ö")) {
            pictures.picture("train", "fill_in_blank", id, PNG);
        }
        List<RecordResult> checked = Raw.check(raw());
        assertEquals(5, checked.size());
        Raw.accepted(checked.get(0));
        Raw.rejected(RejectReason.BROKEN_ENCODING, checked.get(1));
        Raw.rejected(RejectReason.BROKEN_ENCODING, checked.get(2));
        assertEquals("ä问", Raw.accepted(checked.get(3)).id());
        assertEquals("ö", Raw.accepted(checked.get(4)).id());
        Files.write(raw().resolve("problems.json"), ("{\"1\": " + record + "}").getBytes(StandardCharsets.UTF_16));
        assertEquals(
                ExitStatus.BAD_INPUT,
                assertThrows(JobException.class, () -> Raw.check(raw())).status());
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        Arrays.stream(parts).forEach(all::writeBytes);
        return all.toByteArray();
    }

    @Test
    void brokenLinesAreCountedAndTheOthersRead() throws IOException {
        List<String> broken = List.of(
                "{\"question\": \"q\"",
                "[]",
                "{} {}",
                "{\"answer\": 1, \"answer\": 2, \"question\": \"q\"}",
                "[".repeat(100_000),
                "\u0000");
        String text = row("first") + "\r\n \n" + String.join("\n", broken) + "\r\n"
                + row("last").strip();
        List<RecordResult> checked = lines(text.getBytes(StandardCharsets.UTF_8));
        assertEquals(broken.size() + 2, checked.size());
        for (int i = 0; i < broken.size(); i++) {
            Reject reject = Raw.rejected(RejectReason.BROKEN_RECORD, checked.get(i + 1));
            assertEquals("rows.jsonl#" + (i + 4), reject.source());
        }
        assertEquals("last", Raw.accepted(checked.get(broken.size() + 1)).question());
    }

    @Test
    void linksThatLeadOutOfTheFolderAreRefused() throws IOException {
        Path outside = Files.createDirectories(temp.resolve("outside"));
        Files.write(outside.resolve("secret.png"), PNG);
        Files.write(raw().resolve("inside.png"), PNG);
        Files.createSymbolicLink(raw().resolve("out.png"), outside.resolve("secret.png"));
        Files.createSymbolicLink(raw().resolve("folder"), outside);
        Files.createSymbolicLink(raw().resolve("in.png"), raw().resolve("inside.png"));
        Files.createSymbolicLink(raw().resolve("circle.png"), raw().resolve("circle.png"));
        Files.createSymbolicLink(raw().resolve("nowhere.png"), outside.resolve("none.png"));
        assertLink(RejectReason.UNSAFE_PATH, "out.png");
        assertLink(RejectReason.UNSAFE_PATH, "folder/secret.png");
        assertLink(RejectReason.UNSAFE_PATH, "folder/../inside.png");
        assertLink(RejectReason.MISSING_IMAGE, "circle.png");
        assertLink(RejectReason.MISSING_IMAGE, "nowhere.png");
        assertLink(null, "in.png");

        // The data set's own folder may be a link, and a folder of pictures elsewhere is named by its setting.
        Path link = Files.createSymbolicLink(temp.resolve("link"), raw());
        Raw.accepted(
                Raw.check(link, "prepare.format=table", "prepare.split=iid").get(0));
        String line = "{\"question\": \"q\", \"answer\": \"a\", \"image\": \"secret.png\"}";
        Files.writeString(raw().resolve("rows.jsonl"), line);
        Raw.accepted(Raw.check(raw(), "prepare.format=table", "prepare.split=iid", "prepare.media_root=" + outside)
                .get(0));

        Files.writeString(outside.resolve("problems.json"), "{\"1\": 2}");
        Files.createSymbolicLink(raw().resolve("problems.json"), outside.resolve("problems.json"));
        JobException e = assertThrows(JobException.class, () -> Raw.check(raw()));
        assertEquals(ExitStatus.BAD_INPUT, e.status());
        assertTrue(e.getMessage().contains("symbolic link"), e.getMessage());
    }

    private void assertLink(RejectReason reason, String name) throws IOException {
        String line = "{\"question\": \"q\", \"answer\": \"a\", \"image\": \"" + name + "\"}";
        RecordResult checked = lines(line.getBytes(StandardCharsets.UTF_8)).get(0);
        if (reason == null) {
            Raw.accepted(checked);
        } else {
            Raw.rejected(reason, checked);
        }
    }

    @Test
    void whatIsNoFileOrHasNoNameOfOneIsMissing() throws IOException, InterruptedException {
        Files.createDirectories(raw().resolve("folder.png"));
        new ProcessBuilder("mkfifo", raw().resolve("pipe.png").toString())
                .start()
                .waitFor();
        assertTimeoutPreemptively(Duration.ofSeconds(30), () -> {
            assertLink(RejectReason.MISSING_IMAGE, "pipe.png");
            assertLink(RejectReason.MISSING_IMAGE, "folder.png");
            assertLink(RejectReason.MISSING_IMAGE, "y".repeat(5_000));
            assertLink(RejectReason.MISSING_IMAGE, "rows.jsonl/x.png");
            assertLink(RejectReason.MISSING_IMAGE, "*.png");
            assertLink(RejectReason.UNSAFE_PATH, "a\\u0000b.png");
            assertLink(RejectReason.UNSAFE_PATH, "file:///etc/passwd");
        });
    }

    /** A local file system on which asking for a folder's content fails. */
    public static final class Unlisted extends RawLocalFileSystem {
        @Override
        public URI getUri() {
            return URI.create("unlisted:///");
        }

        @Override
        public String getScheme() {
            return "unlisted";
        }

        @Override
        public FileStatus[] listStatus(org.apache.hadoop.fs.Path folder) throws IOException {
            throw new IOException("listing " + folder);
        }
    }

    @Test
    void onlyNamedFilesAreOpened() throws IOException {
        new RawFolder(raw()).fill("1", "c001", "train", "7").write();
        Configuration hadoop = new Configuration();
        hadoop.setClass("fs.unlisted.impl", Unlisted.class, org.apache.hadoop.fs.FileSystem.class);
        String source = "unlisted://" + raw();
        Settings settings = Settings.load(List.of(), List.of("prepare.source=" + source));
        RawFormat format = RawFormat.of(settings);
        RawIndex index = format.index(new IndexFiles(source, hadoop));
        Raw.accepted(Raw.check(format, SourceConfig.of(settings, null), index, hadoop)
                .get(0));
        Settings named = settings.with(org.fednano.settings.DataKeys.FORMAT, "table")
                .with(org.fednano.settings.DataKeys.FILES, List.of("rows.jsonl"));
        Files.writeString(raw().resolve("rows.jsonl"), row("q"));
        assertDoesNotThrow(() -> RawFormat.of(named).index(new IndexFiles(source, hadoop)));
    }
}
