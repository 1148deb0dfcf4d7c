package org.fednano.settings;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigIncluderClasspath;
import com.typesafe.config.ConfigIncluderFile;
import com.typesafe.config.ConfigIncluderURL;
import com.typesafe.config.ConfigObject;
import java.io.File;
import java.net.URL;
import java.util.List;

/** A configuration file may include files beside it. What a URL says can change overnight, and asking it tells who asks. */
final class LocalIncludes implements ConfigIncluder, ConfigIncluderFile, ConfigIncluderURL, ConfigIncluderClasspath {

    private static final long MOST_BYTES = 16 << 20;

    /** What the library adds where a name has no ending. */
    private static final List<String> ENDINGS = List.of("", ".conf", ".json", ".properties");

    private final ConfigIncluder files;

    /** @param files the library's own; null until it is given */
    LocalIncludes(ConfigIncluder files) {
        this.files = files;
    }

    @Override
    public ConfigIncluder withFallback(ConfigIncluder fallback) {
        return new LocalIncludes(fallback);
    }

    @Override
    public ConfigObject include(ConfigIncludeContext context, String what) {
        if (what.matches("(?s)\\s*[A-Za-z][A-Za-z0-9+.-]+:.*")) {
            throw refused("a URL");
        }
        for (String ending : ENDINGS) {
            String name = context.relativeTo(what + ending).origin().filename();
            if (name != null) {
                requirePlain(new File(name));
            }
        }
        return files.include(context, what);
    }

    @Override
    public ConfigObject includeFile(ConfigIncludeContext context, File what) {
        requirePlain(what);
        return ((ConfigIncluderFile) files).includeFile(context, what);
    }

    @Override
    public ConfigObject includeURL(ConfigIncludeContext context, URL what) {
        throw refused("a URL");
    }

    @Override
    public ConfigObject includeResources(ConfigIncludeContext context, String what) {
        throw refused("a resource of the class path");
    }

    /** @throws ConfigException if reading it might never end */
    static void requirePlain(File file) {
        if (file.exists() && (!file.isFile() || file.length() > MOST_BYTES)) {
            throw refused((file.isFile() ? file.length() + " bytes" : "a folder, a pipe or a device") + " at " + file);
        }
    }

    private static ConfigException refused(String what) {
        return new ConfigException.Generic("--conf and include take files of " + MOST_BYTES + " bytes at most: found "
                + what + ". Copy it to a file and name that");
    }
}
