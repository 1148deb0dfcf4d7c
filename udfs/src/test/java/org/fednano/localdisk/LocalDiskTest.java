package org.fednano.localdisk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalDiskTest {

    @TempDir
    java.nio.file.Path folder;

    @Test
    void permissionsAreThoseOfHadoopsOwn() throws IOException {
        for (String mode : new String[] {"rw-r--r--", "rwxr-x---", "r--------", "rwxrwxrwx"}) {
            assertEquals(made(hadoops(), mode), made(ours(), mode), mode);
        }
    }

    private String made(FileSystem fs, String mode) throws IOException {
        Path parent = new Path(folder.toUri().toString(), "p" + System.nanoTime());
        FileSystem.mkdirs(fs, parent, FsPermission.valueOf("drwxr-x---"));
        Path file = new Path(parent, "file");
        fs.create(file).close();
        fs.setPermission(file, FsPermission.valueOf("-" + mode));
        return symbols(parent) + symbols(file);
    }

    private static String symbols(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(java.nio.file.Path.of(path.toUri())));
    }

    @Test
    void checksumsAreWrittenAndRead() throws IOException {
        FileSystem fs = ours();
        Path file = new Path(folder.toUri().toString(), "data");
        try (FSDataOutputStream out = fs.create(file)) {
            out.write(new byte[] {1, 2, 3});
        }
        java.nio.file.Path local = folder.resolve("data");
        try (FSDataInputStream in = fs.open(file)) {
            assertArrayEquals(new byte[] {1, 2, 3}, in.readAllBytes());
        }
        Files.write(local, new byte[] {1, 2, 4});
        try (FSDataInputStream in = fs.open(file)) {
            assertThrows(ChecksumException.class, in::readAllBytes);
        }
    }

    @Test
    void aMissingFileIsAnError() throws IOException {
        assertThrows(IOException.class, () -> ours().setPermission(
                        new Path(folder + "/none"), FsPermission.getFileDefault()));
        assertThrows(FileNotFoundException.class, () -> ours().open(new Path(folder + "/none")));
    }

    @Test
    void onlyJobsOfOneProcessUseIt() throws IOException {
        SparkConf cluster = new SparkConf(false).setMaster("spark://host:7077");
        LocalDisk.use(cluster);
        assertFalse(cluster.contains("spark.hadoop.fs.file.impl"));

        SparkConf own = new SparkConf(false).setMaster("local[2]").set("spark.hadoop.fs.file.impl", "their.Own");
        LocalDisk.use(own);
        assertEquals("their.Own", own.get("spark.hadoop.fs.file.impl"));

        FileSystem before = FileSystem.get(URI.create("file:///"), new Configuration());
        SparkConf local = new SparkConf(false).setMaster("local[2]");
        LocalDisk.use(local);
        Configuration conf = new Configuration();
        conf.set("fs.file.impl", local.get("spark.hadoop.fs.file.impl"));
        FileSystem after = FileSystem.get(URI.create("file:///"), conf);
        assertInstanceOf(LocalDisk.class, after);
        assertInstanceOf(LocalFileSystem.class, before);
        after.close();
    }

    private static FileSystem hadoops() throws IOException {
        return FileSystem.newInstance(URI.create("file:///"), new Configuration());
    }

    private static FileSystem ours() throws IOException {
        Configuration conf = new Configuration();
        conf.set("fs.file.impl", LocalDisk.class.getName());
        return FileSystem.newInstance(URI.create("file:///"), conf);
    }
}
