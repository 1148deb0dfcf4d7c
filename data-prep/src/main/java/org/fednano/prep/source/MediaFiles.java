package org.fednano.prep.source;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;
import org.fednano.image.RgbImage;
import org.fednano.rows.MediumValue;
import org.fednano.sample.Medium;
import org.fednano.settings.JobException;

/** Images and other media of a raw data set: checked one by one, then read again when their shard is written. */
public final class MediaFiles implements AutoCloseable {

    /** An image's file may take this many bytes per allowed pixel; even uncompressed RGBA takes four. */
    private static final int FILE_BYTES_PER_PIXEL = 8;

    private static final int MAX_NAME = 255;

    private static final String EMBEDDED =
            "…; bytes as text are a data URI (data:image/png;base64,…) or stand in {\"bytes\": …}";

    private final SourceConfig config;
    private final SafeFolder folder;
    private final Configuration hadoop;
    private final MediaSpill spill;

    /** @throws IOException if the media folder is not there */
    public MediaFiles(SourceConfig config, Configuration hadoop) throws IOException {
        this.config = config;
        this.folder = new SafeFolder(config.media(), hadoop);
        this.hadoop = hadoop;
        this.spill = new MediaSpill(config.spill(), hadoop);
    }

    /** @throws JobException with status 3 if the media folder is not there */
    public static void requireFolder(SourceConfig config, Configuration hadoop) throws IOException {
        try {
            new SafeFolder(config.media(), hadoop);
        } catch (FileNotFoundException e) {
            throw JobException.badInput(
                    "prepare.media_root must be a folder of pictures or other media: found none at " + config.media()
                            + ". Leave it empty where they lie in prepare.source.",
                    e);
        }
    }

    /**
     * Checks a file or bytes.
     *
     * @throws RecordRejected as {@link #file}
     */
    public RawMedium medium(String modality, MediumValue value) throws RecordRejected, IOException {
        return value instanceof MediumValue.Bytes embedded
                ? bytes(modality, embedded.bytes())
                : file(modality, ((MediumValue.Name) value).path());
    }

    /**
     * Checks a file.
     *
     * @param path below the media folder, as the record gives it
     * @throws RecordRejected if it leads out of the folder, is missing, too large, or an image that cannot be decoded
     */
    public RawMedium file(String modality, String path) throws RecordRejected, IOException {
        SafeFolder.Found file;
        try {
            file = folder.find(path);
        } catch (FileNotFoundException e) {
            throw new RecordRejected(
                    modality.equals(Medium.IMAGE) ? RejectReason.MISSING_IMAGE : RejectReason.MISSING_MEDIUM,
                    "no file at " + (path.length() <= MAX_NAME ? path : path.substring(0, MAX_NAME) + EMBEDDED));
        }
        refuseLong(modality, file.length());
        if (modality.equals(Medium.IMAGE)) {
            checkImage(file.bytes(), path);
        }
        return RawMedium.file(modality, path);
    }

    /**
     * Checks bytes that came inside a record, and keeps them until the shards are written.
     *
     * @throws RecordRejected as {@link #file}
     */
    RawMedium bytes(String modality, byte[] bytes) throws RecordRejected, IOException {
        refuseLong(modality, bytes.length);
        if (modality.equals(Medium.IMAGE)) {
            checkImage(bytes, "the record's picture");
        }
        return spill.add(modality, bytes);
    }

    private void refuseLong(String modality, long length) throws RecordRejected {
        if (!modality.equals(Medium.IMAGE) && length > config.maxMediaBytes()) {
            throw new RecordRejected(
                    RejectReason.MEDIUM_TOO_LARGE,
                    "at most prepare.max_media_bytes = " + config.maxMediaBytes() + " bytes of " + modality + ": found "
                            + length);
        }
        if (modality.equals(Medium.IMAGE)
                && (length / FILE_BYTES_PER_PIXEL > config.maxPixels() || length > Integer.MAX_VALUE - 8)) {
            throw new RecordRejected(
                    RejectReason.IMAGE_TOO_LARGE,
                    "a file of " + length + " bytes is too long for prepare.max_image_pixels = " + config.maxPixels());
        }
    }

    /** An image must be one that training can decode, by the same code. */
    private void checkImage(byte[] file, String name) throws RecordRejected {
        try {
            RgbImage.check(file, name, this::refuseHuge);
        } catch (JobException e) {
            throw new RecordRejected(RejectReason.UNDECODABLE_IMAGE, e.getMessage());
        }
    }

    private void refuseHuge(int width, int height) throws RecordRejected {
        if ((long) width * height > config.maxPixels() || Math.max(width, height) > RgbImage.MAX_SIDE) {
            throw new RecordRejected(
                    RejectReason.IMAGE_TOO_LARGE,
                    String.format(
                            Locale.ROOT,
                            "at most prepare.max_image_pixels = %d pixels and %d on a side: found %d x %d",
                            config.maxPixels(),
                            RgbImage.MAX_SIDE,
                            width,
                            height));
        }
    }

    /** The bytes of a medium that passed its check; a file that was replaced by a longer one since is refused. */
    public byte[] read(RawMedium medium) throws IOException {
        if (medium.spilled()) {
            byte[] bytes = new byte[medium.length()];
            Path path = new Path(medium.path());
            try (FSDataInputStream in = path.getFileSystem(hadoop).open(path)) {
                in.readFully(medium.offset(), bytes);
            }
            return bytes;
        }
        try {
            SafeFolder.Found file = folder.find(medium.path());
            refuseLong(medium.modality(), file.length());
            return file.bytes();
        } catch (RecordRejected e) {
            throw new IOException(medium.path() + " changed after it was checked: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() throws IOException {
        spill.close();
    }
}
