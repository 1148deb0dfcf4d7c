package org.fednano.localdisk;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.spark.SparkConf;

/**
 * Hadoop's local file system, but permissions are set by a call of the JVM. Where Hadoop's native library is missing, as in
 * Spark's distributions, Hadoop starts a process {@code chmod} for every file and folder that it makes, and another one for
 * the file's checksums: for clients with few rows that took longer than their features.
 */
public final class LocalDisk extends LocalFileSystem {

    private static final String IMPLEMENTATION = "fs.file.impl";

    /** Made by Hadoop, by its name. */
    public LocalDisk() {
        super(new Raw());
    }

    /**
     * Makes it the local file system of this JVM, for a job that runs in this JVM alone: other processes may not have this
     * class. One that the user has configured is kept.
     *
     * @param conf of the session to come, with its master
     */
    public static void use(SparkConf conf) {
        String setting = "spark.hadoop." + IMPLEMENTATION;
        Configuration defaults = new Configuration();
        if (!conf.get("spark.master", "").startsWith("local[")
                || conf.contains(setting)
                || defaults.get(IMPLEMENTATION) != null) {
            return;
        }
        conf.set(setting, LocalDisk.class.getName());
        try {
            // Hadoop keeps one file system for all: one that was asked for before would be used on.
            FileSystem.get(URI.create("file:///"), defaults).close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class Raw extends RawLocalFileSystem {

        @Override
        public void setPermission(Path path, FsPermission permission) throws IOException {
            java.nio.file.Path file = pathToFile(path).toPath();
            if (permission.getStickyBit()
                    || !file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                super.setPermission(path, permission);
                return;
            }
            String symbols = permission.getUserAction().SYMBOL
                    + permission.getGroupAction().SYMBOL
                    + permission.getOtherAction().SYMBOL;
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(symbols));
        }
    }
}
