package org.fednano.rows;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.SeekableInputStream;
import org.fednano.settings.JobException;

/** What a file is that should be a Parquet file and is none, told by its first bytes. */
final class OtherFile {

    private static final int HEAD = 64;
    private static final int MAGIC = 4;
    private static final String FETCH_AGAIN = ". Write or fetch it again.";
    private static final String CONVERT = ". Convert it to Parquet, as with pyarrow, pandas or DuckDB.";

    private static final Map<String, String> KINDS = Map.of(
            "ARROW1", "an Arrow (Feather) file" + CONVERT,
            "FEA1", "a Feather file" + CONVERT,
            "ORC", "an ORC file" + CONVERT,
            "Obj\u0001", "an Avro file" + CONVERT,
            "SQLite", "an SQLite database" + CONVERT,
            "PK\u0003\u0004", "a ZIP archive. Unpack it.",
            "\u001f\u008b", "a gzip archive. Unpack it; Parquet files are compressed inside.",
            "version https://git-lfs", "a Git LFS pointer in place of the file. Fetch the file with `git lfs pull`.",
            "<", "HTML or XML, perhaps a download's error page" + FETCH_AGAIN,
            "{", "JSON. With one record a line, name it .jsonl where JSON Lines are read.");

    private OtherFile() {}

    static JobException refusal(InputFile file, Exception cause) throws IOException {
        return JobException.badInput("Parquet expected in " + file + ": found " + found(file), cause);
    }

    private static String found(InputFile file) throws IOException {
        long length = file.getLength();
        if (length == 0) {
            return "an empty file" + FETCH_AGAIN;
        }
        String head = new String(bytes(file, 0, Math.min(HEAD, length)), StandardCharsets.ISO_8859_1);
        long end = Math.max(0, length - MAGIC);
        String tail = new String(bytes(file, end, length - end), StandardCharsets.ISO_8859_1);
        if (tail.equals("PARE")) {
            return "one that is encrypted, footer and all. Write it again without encryption.";
        } else if (head.startsWith("PAR1")) {
            return tail.equals("PAR1")
                    ? "one whose footer is damaged" + FETCH_AGAIN
                    : "one that is cut off after " + length + " bytes" + FETCH_AGAIN;
        }
        for (Map.Entry<String, String> kind : KINDS.entrySet()) {
            if (head.startsWith(kind.getKey()) || head.stripLeading().startsWith(kind.getKey())) {
                return kind.getValue();
            }
        }
        return head.chars().noneMatch(OtherFile::isBinary)
                ? "text, perhaps CSV" + CONVERT
                : length + " bytes of another format" + FETCH_AGAIN;
    }

    private static byte[] bytes(InputFile file, long from, long count) throws IOException {
        byte[] bytes = new byte[(int) count];
        try (SeekableInputStream in = file.newStream()) {
            in.seek(from);
            in.readFully(bytes);
        }
        return bytes;
    }

    private static boolean isBinary(int c) {
        return c < ' ' && c != '\t' && c != '\r' && c != '\n' || c == 127;
    }
}
