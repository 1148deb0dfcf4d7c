package org.fednano.rows;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Expected bytes are those of Python's {@code base64} and of RFC 2045, 2397, 3986 and 4648. */
class MediumValueTest {

    /** base64.b64encode(bytes(range(200, 256))), whose digits hold both signs of either alphabet. */
    private static final String DIGITS = "yMnKy8zNzs/Q0dLT1NXW19jZ2tvc3d7f4OHi4+Tl5ufo6err7O3u7/Dx8vP09fb3+Pn6+/z9/v8=";

    private static byte[] expected() {
        byte[] bytes = new byte[56];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (200 + i);
        }
        return bytes;
    }

    private static byte[] bytes(String text) throws BadValue {
        return bytes(TextNode.valueOf(text));
    }

    private static byte[] bytes(JsonNode value) throws BadValue {
        List<MediumValue> media = MediumValue.of(value, "image");
        assertEquals(1, media.size());
        return ((MediumValue.Bytes) media.get(0)).bytes();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "data:image/png;base64,",
                "DATA:IMAGE/PNG;BASE64,",
                "Data:image/png;charset=utf-8;Base64,",
                "data:;base64,",
                "data:image/png; base64,",
                " \n data:image/png;name=a%20b.png;base64,"
            })
    void aDataUriMayBeWrittenInManyWays(String head) throws BadValue {
        for (String digits : List.of(
                DIGITS,
                DIGITS.replace("=", ""),
                DIGITS.replace('+', '-').replace('/', '_'),
                DIGITS.replaceAll("(.{19})", "$1\r\n") + "\n",
                DIGITS.replace("+", "%2B").replace("/", "%2f").replace("=", "%3D"),
                " " + DIGITS + " ")) {
            assertArrayEquals(expected(), bytes(head + digits), head + digits);
        }
    }

    @Test
    void aDataUriWithoutBase64IsEscapedText() throws BadValue {
        assertEquals("a,b +ä", new String(bytes("data:,a,b%20+%C3%a4"), StandardCharsets.UTF_8));
        assertArrayEquals(new byte[] {(byte) 0x89, 'P'}, bytes("data:image/png,%89P"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "data:image/png;base64 | comma",
                "data:image/png;base64,AAAAA | cut off",
                "data:image/png;base64,AAA=== | cut off",
                "data:image/png;base64,AAAA= | cut off",
                "data:image/png;base64,AA=A | no base64",
                "data:image/png;base64,AA!A | no base64",
                "data:image/png;base64,AA%4 | hexadecimal",
                "data:image/png,%zz | hexadecimal"
            })
    void brokenBytesAreRefusedWithAReason(String text, String reason) {
        String message = assertThrows(BadValue.class, () -> bytes(text)).getMessage();
        assertTrue(message.contains(reason) && message.contains("'image'"), message);
    }

    private static List<MediumValue> of(String json) throws IOException, BadValue {
        return MediumValue.of(new ObjectMapper().readTree(json), "image");
    }

    @Test
    void structsHoldBytesOrAPath() throws IOException, BadValue {
        JsonNode broken = new ObjectMapper()
                .createObjectNode()
                .put("bytes", DIGITS.replaceAll("(.{19})", "$1\n"))
                .putNull("path");
        assertArrayEquals(expected(), bytes(broken));
        MediumValue path = new MediumValue.Name("a.png");
        assertEquals(List.of(path), of("{\"bytes\": null, \"path\": \"a.png\"}"));
        assertEquals(List.of(path), of("{\"bytes\": \"\", \"path\": \"a.png\"}"));
        assertEquals(List.of(path, path), of("[\"a.png\", null, {\"path\": \"a.png\"}, \"\"]"));
        assertEquals(List.of(), of("{\"bytes\": null, \"path\": null}"));
        assertEquals(List.of(), of("null"));
        for (String bad : List.of("5", "true", "{\"url\": \"a\"}", "{}", "{\"bytes\": [1], \"path\": \"a.png\"}")) {
            assertThrows(BadValue.class, () -> of(bad), bad);
        }
    }

    @Test
    void aTextThatIsNoDataUriIsAPath() throws IOException, BadValue {
        assertEquals(List.of(new MediumValue.Name(DIGITS)), of("\"" + DIGITS + "\""));
    }
}
