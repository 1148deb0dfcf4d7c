package org.fednano.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;

/**
 * The local file system by java.nio. Hadoop's own local file system would not do: its create without overwrite and its
 * rename look first and act then, so two racing writers may both win, and it litters {@code .crc} files. A hard link
 * fails if the name is taken, and so does moving a folder onto one with files in it: the kernel decides.
 */
public final class LocalFiles extends RunFiles {

    public LocalFiles(FaultInjector hook) {
        super(hook);
    }

    @Override
    public boolean exists(Path path) {
        return Files.exists(nio(path));
    }

    @Override
    public List<String> list(Path folder) throws IOException {
        try (Stream<java.nio.file.Path> entries = Files.list(nio(folder))) {
            return entries.map(p -> p.getFileName().toString()).sorted().toList();
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }

    @Override
    public byte[] read(Path file) throws IOException {
        return Files.readAllBytes(nio(file));
    }

    @Override
    public void write(Path file, byte[] content) throws IOException {
        hook.before("write", file);
        Files.createDirectories(nio(file).getParent());
        try (FileChannel channel =
                FileChannel.open(nio(file), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            int half = content.length / 2;
            writeFully(channel, ByteBuffer.wrap(content, 0, half));
            hook.before("write-rest", file);
            writeFully(channel, ByteBuffer.wrap(content, half, content.length - half));
            channel.force(true);
        }
    }

    @Override
    public boolean publish(Path target, byte[] content) throws IOException {
        if (exists(target)) {
            return false;
        }
        Path temporary = temporary(target);
        write(temporary, content);
        hook.before("link", target);
        try {
            Files.createLink(nio(target), nio(temporary));
        } catch (FileAlreadyExistsException e) {
            delete(temporary);
            return false;
        }
        forceFolder(nio(target).getParent());
        delete(temporary);
        return true;
    }

    @Override
    public void replace(Path target, byte[] content) throws IOException {
        Path temporary = temporary(target);
        write(temporary, content);
        hook.before("rename", target);
        Files.move(nio(temporary), nio(target), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        forceFolder(nio(target).getParent());
    }

    @Override
    public boolean publishFolder(Path staged, Path target, String last) throws IOException {
        Files.createDirectories(nio(target).getParent());
        try (Stream<java.nio.file.Path> all = Files.walk(nio(staged))) {
            for (java.nio.file.Path folder : all.filter(Files::isDirectory).toList()) {
                forceFolder(folder);
            }
        }
        hook.before("rename", target);
        try {
            Files.move(nio(staged), nio(target), StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            if (list(target).isEmpty()) {
                throw e;
            }
            return false;
        }
        forceFolder(nio(target).getParent());
        return true;
    }

    @Override
    public void delete(Path path) throws IOException {
        hook.before("delete", path);
        Files.walkFileTree(nio(path), new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(java.nio.file.Path file, BasicFileAttributes attributes)
                    throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(java.nio.file.Path file, IOException e) throws IOException {
                if (e instanceof NoSuchFileException) {
                    // Never there, or removed by another since: gone is what was asked for.
                    return FileVisitResult.CONTINUE;
                }
                throw e;
            }

            @Override
            public FileVisitResult postVisitDirectory(java.nio.file.Path folder, IOException e) throws IOException {
                Files.deleteIfExists(folder);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    @Override
    public OptionalLong modifiedMillis(Path file) throws IOException {
        try {
            return OptionalLong.of(Files.getLastModifiedTime(nio(file)).toMillis());
        } catch (NoSuchFileException e) {
            return OptionalLong.empty();
        }
    }

    private static java.nio.file.Path nio(Path path) {
        return java.nio.file.Path.of(path.toUri().getPath());
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** A new name is durable once its folder is. */
    private static void forceFolder(java.nio.file.Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
