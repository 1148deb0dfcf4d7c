package org.fednano.files;

import java.io.IOException;
import org.apache.hadoop.fs.Path;

/** Sees every step of the file layer before it happens; a test that throws here is a kill at that instant. */
@FunctionalInterface
public interface FaultInjector {

    /** Does nothing. */
    FaultInjector NONE = (step, path) -> {};

    /**
     * @param step what is about to happen: {@code write}, {@code write-rest}, {@code link}, {@code rename}, {@code delete}
     * @param path where
     */
    void before(String step, Path path) throws IOException;
}
