package org.fednano.ml;

import java.net.URI;
import org.apache.hadoop.fs.RawLocalFileSystem;

/** The local disk under another scheme, as an object store would be. */
public final class FakeStoreFileSystem extends RawLocalFileSystem {

    @Override
    public URI getUri() {
        return URI.create("fake://host");
    }
}
