package org.fednano.prep;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;
import org.fednano.image.RgbImage;
import org.fednano.prep.Reject.Reason;
import org.fednano.rows.MediumValue;
import org.fednano.sample.Medium;
import org.fednano.settings.JobException;

/** Pictures and other media of a raw data set: checked one by one, then read again when their shard is written. */
final class MediaFiles implements AutoCloseable {

    /** A picture's file may take this many bytes per allowed pixel; even uncompressed RGBA takes four. */
    private static final int FILE_BYTES_PER_PIXEL = 8;

    private static final int MAX_NAME = 255;

    private static final String EMBEDDED =
            "…; bytes as text are a data URI (data:image/png;base64,…) or stand in {\"bytes\": …}";

    private final RawPlaces places;
    private final SafeFolder folder;
    private final Configuration hadoop;
    private final Spool spool;

    /** @throws IOException if the media folder is not there */
    MediaFiles(RawPlaces places, Configuration hadoop) throws IOException {
        this.places = places;
        this.folder = new SafeFolder(places.media(), hadoop);
        this.hadoop = hadoop;
        this.spool = new Spool(places.spool(), hadoop);
    }

    /** @throws JobException with status 3 if the media folder is not there */
    static void requireFolder(RawPlaces places, Configuration hadoop) throws IOException {
        try {
            new SafeFolder(places.media(), hadoop);
        } catch (FileNotFoundException e) {
            throw JobException.badInput(
                    "prepare.media_root must be a folder of pictures or other media: found none at " + places.media()
                            + ". Leave it empty where they lie in prepare.source.",
                    e);
        }
    }

    /**
     * Checks a file or bytes.
     *
     * @throws Bad as {@link #file}
     */
    RawMedium medium(String modality, MediumValue value) throws Bad, IOException {
        return value instanceof MediumValue.Bytes embedded
                ? bytes(modality, embedded.bytes())
                : file(modality, ((MediumValue.Name) value).path());
    }

    /**
     * Checks a file.
     *
     * @param path below the media folder, as the record gives it
     * @throws Bad if it leads out of the folder, is missing, too large, or a picture that cannot be decoded
     */
    RawMedium file(String modality, String path) throws Bad, IOException {
        SafeFolder.Found file;
        try {
            file = folder.find(path);
        } catch (FileNotFoundException e) {
            throw new Bad(
                    modality.equals(Medium.IMAGE) ? Reason.MISSING_IMAGE : Reason.MISSING_MEDIUM,
                    "no file at " + (path.length() <= MAX_NAME ? path : path.substring(0, MAX_NAME) + EMBEDDED));
        }
        refuseLong(modality, file.length());
        if (modality.equals(Medium.IMAGE)) {
            picture(file.bytes(), path);
        }
        return RawMedium.file(modality, path);
    }

    /**
     * Checks bytes that came inside a record, and keeps them until the shards are written.
     *
     * @throws Bad as {@link #file}
     */
    RawMedium bytes(String modality, byte[] bytes) throws Bad, IOException {
        refuseLong(modality, bytes.length);
        if (modality.equals(Medium.IMAGE)) {
            picture(bytes, "the record's picture");
        }
        return spool.add(modality, bytes);
    }

    private void refuseLong(String modality, long length) throws Bad {
        if (!modality.equals(Medium.IMAGE) && length > places.maxMediaBytes()) {
            throw new Bad(
                    Reason.MEDIUM_TOO_LARGE,
                    "at most prepare.max_media_bytes = " + places.maxMediaBytes() + " bytes of " + modality + ": found "
                            + length);
        }
        if (modality.equals(Medium.IMAGE)
                && (length / FILE_BYTES_PER_PIXEL > places.maxPixels() || length > Integer.MAX_VALUE - 8)) {
            throw new Bad(
                    Reason.IMAGE_TOO_LARGE,
                    "a file of " + length + " bytes is too long for prepare.max_image_pixels = " + places.maxPixels());
        }
    }

    /** A picture must be one that training can decode, by the same code. */
    private void picture(byte[] file, String name) throws Bad {
        try {
            RgbImage.check(file, name, this::refuseHuge);
        } catch (JobException e) {
            throw new Bad(Reason.UNDECODABLE_IMAGE, e.getMessage());
        }
    }

    private void refuseHuge(int width, int height) throws Bad {
        if ((long) width * height > places.maxPixels() || Math.max(width, height) > RgbImage.MAX_SIDE) {
            throw new Bad(
                    Reason.IMAGE_TOO_LARGE,
                    String.format(
                            Locale.ROOT,
                            "at most prepare.max_image_pixels = %d pixels and %d on a side: found %d x %d",
                            places.maxPixels(),
                            RgbImage.MAX_SIDE,
                            width,
                            height));
        }
    }

    /** The bytes of a medium that passed its check; a file that was replaced by a longer one since is refused. */
    byte[] read(RawMedium medium) throws IOException {
        if (medium.spooled()) {
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
        } catch (Bad e) {
            throw new IOException(medium.path() + " changed after it was checked: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() throws IOException {
        spool.close();
    }
}
