package org.fednano.report;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.CreateFlag;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.Options.CreateOpts;
import org.apache.hadoop.fs.Options.Rename;
import org.apache.hadoop.fs.Path;
import org.fednano.report.data.Report;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;

/** Puts reports where they belong; a reader finds the old file or the new one, never half of one. */
final class ReportFiles {

    static final String HTML = "report.html";
    static final String TEXT = "report.txt";

    private ReportFiles() {}

    /**
     * Writes both forms of a report into a folder (URI) and replaces those that are there.
     *
     * @throws JobException with status 2 if the folder cannot be written
     */
    static void write(Report report, Path folder, Configuration hadoop) {
        // Both are made before either is written: a failure in between would leave two different reports.
        String html = HtmlPage.of(report);
        String text = TextPage.of(report);
        try {
            Path full = folder.getFileSystem(hadoop).makeQualified(folder);
            for (var file : List.of(Map.entry(HTML, html), Map.entry(TEXT, text))) {
                byte[] bytes = file.getValue().getBytes(StandardCharsets.UTF_8);
                if ("file".equals(full.toUri().getScheme())) {
                    replaceLocal(java.nio.file.Path.of(full.toUri().getPath()), file.getKey(), bytes);
                } else {
                    replace(FileContext.getFileContext(full.toUri(), hadoop), full, file.getKey(), bytes);
                }
            }
        } catch (IOException e) {
            throw new JobException(
                    ExitStatus.USAGE,
                    "A folder that can be written was expected at " + folder + ": " + e.getMessage()
                            + ". Give another one with --out.",
                    e);
        }
    }

    // Hadoop's local file system removes the target before it renames; the operating system's own rename does not.
    private static void replaceLocal(java.nio.file.Path folder, String name, byte[] bytes) throws IOException {
        Files.createDirectories(folder);
        java.nio.file.Path temporary = folder.resolve(temporaryName(name));
        try {
            Files.write(temporary, bytes);
            Files.move(temporary, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static void replace(FileContext files, Path folder, String name, byte[] bytes) throws IOException {
        Path temporary = new Path(folder, temporaryName(name));
        try {
            try (OutputStream out = files.create(temporary, EnumSet.of(CreateFlag.CREATE), CreateOpts.createParent())) {
                out.write(bytes);
            }
            files.rename(temporary, new Path(folder, name), Rename.OVERWRITE);
        } catch (IOException e) {
            files.delete(temporary, false);
            throw e;
        }
    }

    private static String temporaryName(String name) {
        return "." + name + "." + UUID.randomUUID();
    }
}
