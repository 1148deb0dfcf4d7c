package org.fednano.prep.source;

import java.io.Serializable;
import org.fednano.settings.DataKeys;
import org.fednano.settings.Settings;

/**
 * Where raw data lie and how much of it is read at once.
 *
 * @param source folder of the index files, URI
 * @param media folder below which media lie, URI
 * @param spill folder to create for media that came inside records, URI; null to check without keeping them
 * @param maxPixels width × height of an image at most
 * @param maxRecordBytes length of a record's text at most
 * @param maxMediaBytes length of another medium at most
 */
public record SourceConfig(
        String source, String media, String spill, long maxPixels, long maxRecordBytes, long maxMediaBytes)
        implements Serializable {

    /** One array of Java must hold it. */
    private static final long MOST = 1 << 30;

    /** @param spill null to check without keeping media that came inside records */
    public static SourceConfig of(Settings settings, String spill) {
        String source = settings.get(DataKeys.SOURCE);
        String media = settings.get(DataKeys.MEDIA_ROOT);
        return new SourceConfig(
                source,
                media.isEmpty() ? source : media,
                spill,
                settings.get(DataKeys.MAX_IMAGE_PIXELS),
                Math.min(MOST, settings.get(DataKeys.MAX_RECORD_BYTES)),
                Math.min(MOST, settings.get(DataKeys.MAX_MEDIA_BYTES)));
    }
}
