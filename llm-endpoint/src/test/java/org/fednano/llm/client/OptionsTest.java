package org.fednano.llm.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OptionsTest {

    private static final String SECRET = "s3cret-0123456789";

    @TempDir
    private Path folder;

    private static OipOptions load(String... sets) {
        return OipOptions.of(Settings.load(List.of(), List.of(sets)));
    }

    @Test
    void settingsBecomeOptions() throws Exception {
        Path token = Files.writeString(folder.resolve("token"), SECRET + "\nsecond line");
        OipOptions options = load(
                "llm.endpoints=\"grpc://a:1\", \"grpcs://b:2\"",
                "llm.token_file=" + token,
                "llm.tries=3",
                "llm.max_message=1MiB");
        assertEquals(List.of("grpc://a:1", "grpcs://b:2"), options.addresses());
        assertEquals(SECRET, options.token());
        assertEquals(3, options.retry().tries());
        assertEquals(1 << 20, options.maxMessage());
        assertNull(options.tls().ca());
        assertFalse(options.toString().contains(SECRET));
    }

    @Test
    void whatCannotBe() throws Exception {
        Path empty = Files.writeString(folder.resolve("empty"), "");
        Path odd = Files.writeString(folder.resolve("odd"), "two words");
        String one = "llm.endpoints=\"grpc://a:1\"";
        for (String wrong : List.of(
                "llm.max_message=2GiB",
                "llm.token_file=" + folder.resolve("none"),
                "llm.token_file=" + empty,
                "llm.token_file=" + odd,
                "llm.tls.key=a.pem")) {
            JobException e = assertThrows(JobException.class, () -> load(one, wrong), wrong);
            assertEquals(ExitStatus.USAGE, e.status());
            assertFalse(e.getMessage().contains("two words"));
        }
        assertThrows(JobException.class, OptionsTest::load); // no endpoint
    }

    @ParameterizedTest
    @ValueSource(strings = {"grpc://host:8061", "grpcs://llm.example.org:443", "grpc://[::1]:80", "grpc://10.0.0.1:1/"})
    void addresses(String text) {
        String plain = text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
        assertEquals(plain, EndpointAddress.of(text).toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "host:80",
                "http://host:80",
                "grpc://host",
                "grpc://host:0",
                "grpc://host:99999",
                "grpc://host:80/path",
                "grpc://s3cret-0123456789@host:80",
                "grpc://a b:1@s3cret-0123456789"
            })
    void noAddresses(String text) {
        JobException e = assertThrows(JobException.class, () -> EndpointAddress.of(text));
        assertEquals(ExitStatus.USAGE, e.status());
        assertFalse(e.getMessage().contains(SECRET), e.getMessage());
    }
}
