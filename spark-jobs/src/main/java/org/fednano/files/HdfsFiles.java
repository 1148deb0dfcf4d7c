package org.fednano.files;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options.Rename;
import org.apache.hadoop.fs.Path;

/**
 * HDFS: a FileContext rename without overwrite is one step of the name node and fails if the name is taken, for files and
 * for folders. (Creating a file under its final name would show it empty first.)
 */
public final class HdfsFiles extends HadoopFiles {

    private final FileContext context;

    public HdfsFiles(FileSystem fs, Configuration hadoop, FaultInjector hook) throws IOException {
        this(fs, FileContext.getFileContext(fs.getUri(), hadoop), hook);
    }

    /** For another file system with HDFS's renames. */
    public HdfsFiles(FileSystem fs, FileContext context, FaultInjector hook) {
        super(fs, hook);
        this.context = context;
    }

    @Override
    public boolean publish(Path target, byte[] content) throws IOException {
        if (exists(target)) {
            return false;
        }
        Path temporary = temporary(target);
        write(temporary, content);
        boolean published = rename(temporary, target);
        if (!published) {
            delete(temporary);
        }
        return published;
    }

    @Override
    public void replace(Path target, byte[] content) throws IOException {
        Path temporary = temporary(target);
        write(temporary, content);
        hook.before("rename", target);
        context.rename(temporary, target, Rename.OVERWRITE);
    }

    @Override
    public boolean publishFolder(Path staged, Path target, String last) throws IOException {
        fs.mkdirs(target.getParent());
        return rename(staged, target);
    }

    private boolean rename(Path from, Path target) throws IOException {
        hook.before("link", target);
        try {
            context.rename(from, target);
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        }
    }
}
