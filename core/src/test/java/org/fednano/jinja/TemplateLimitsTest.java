package org.fednano.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.fail;

import java.time.Duration;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.fednano.jinja.base.JinjaException;
import org.fednano.jinja.base.JinjaException.Kind;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Templates are untrusted: whatever stands in one, it ends soon, in bounded memory, with a text or a reason. */
class TemplateLimitsTest {

    private static final LocalDateTime DAY = LocalDateTime.of(2024, 7, 26, 0, 0);

    private static String render(String template) {
        return Template.of(template, DAY).render(Map.of("a", List.of(1, 2, 3)));
    }

    /** In a thread of a small stack, as executors may have. */
    private static void assertLimited(String template) {
        Throwable[] thrown = new Throwable[1];
        Thread thread = new Thread(
                null,
                () -> {
                    try {
                        render(template);
                    } catch (Throwable e) {
                        thrown[0] = e;
                    }
                },
                "small",
                512 * 1024);
        Assertions.assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            thread.start();
            thread.join();
        });
        assertNotNull(thrown[0], "rendered");
        JinjaException e = assertThrows(JinjaException.class, () -> {
            throw thrown[0];
        });
        assertEquals(Kind.LIMIT, e.kind(), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ 'x' * 10 ** 9 }}",
                "{{ 'x' * 10 ** 30 }}",
                "{{ [1] * 10 ** 9 }}",
                "{{ (1,) * 10 ** 9 }}",
                "{{ 10 ** (10 ** 9) }}",
                "{{ 2 ** (10 ** 30) }}",
                "{% set n = namespace(x=3) %}{% for i in range(99) %}{% set n.x = n.x * n.x %}{% endfor %}",
                "{% set n = namespace(x='ab') %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
                "{% set n = namespace(x='ab') %}{% for i in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
                "{% set n = namespace(x='ab') %}{% for i in range(99) %}{% set n.x = [n.x, n.x]|join %}{% endfor %}",
                "{% set n = namespace(x='ab') %}{% for i in range(99) %}{% set n.x = n.x.replace('a', n.x) %}{% endfor %}",
                "{% set n = namespace(x='ab') %}{% for i in range(99) %}{% set n.x = '%s%s' % (n.x, n.x) %}{% endfor %}",
                "{% set n = namespace(x='ab') %}{% for i in range(99) %}{% set n.x = '{0}{0}'.format(n.x) %}{% endfor %}",
                "{% set n = namespace(x='ab') %}{% for i in range(99) %}{% set n.x %}{{ n.x }}{{ n.x }}{% endset %}{% endfor %}",
                "{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
                "{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
                "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x|tojson }}",
                "{% set n = namespace(x=[1], y=[1]) %}{% for i in range(60) %}{% set n.x, n.y = [n.x, n.x], [n.y, n.y] %}{% endfor %}{{ n.x == n.y }}",
                "{% set n = namespace(x=[1], y=[1]) %}{% for i in range(60) %}{% set n.x, n.y = [n.x, n.x], [n.y, n.y] %}{% endfor %}{{ n.x < n.y }}",
                "{% set n = namespace(x=(1,)) %}{% for i in range(60) %}{% set n.x = (n.x, n.x) %}{% endfor %}{{ {n.x: 1} }}",
                "{% set n = namespace(x=[1]) %}{% for i in range(9999) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x }}",
                "{% set n = namespace(x=[1]) %}{% for i in range(9999) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x|tojson }}",
                "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
                "{% for i in range(99999) %}0123456789012{% endfor %}",
                "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
                "{% macro f(x) %}{% call f(1) %}{{ caller() }}{% endcall %}{% endmacro %}{{ f(1) }}",
                "{% for x in [a] recursive %}{{ loop([a]) }}{% endfor %}",
                "{{ '%9999999d' % 1 }}",
                "{{ '%*d' % (10 ** 9, 1) }}",
                "{{ '%.9999999f' % 1 }}",
                "{{ '{:9999999}'.format(1) }}",
                "{{ '{:.9999999f}'.format(1.5) }}",
                "{{ 'x'.center(10 ** 9) }}",
                "{{ 'x'|center(10 ** 9) }}",
                "{{ 'x'.ljust(10 ** 9) }}",
                "{{ 'x'.zfill(10 ** 9) }}",
                "{{ '\\t'.expandtabs(10 ** 9) }}",
                "{{ 'x\\ny'|indent(10 ** 9) }}",
                "{{ a|tojson(indent=10 ** 9) }}",
                "{{ a|batch(10 ** 9, 1)|list }}",
                "{{ a|slice(10 ** 9)|list }}",
                "{{ range(10 ** 30) }}",
                "{% for c in 'x' * 100000 %}{% for d in 'x' * 100000 %}{{ c in d }}{% endfor %}{% endfor %}",
                "{{ ('x' * 1000000) * 2 }}",
                "{% set x = 'a' * 1000000 %}{{ 'a' * 500000 ~ 'b' in x }}",
                "{% set x = 'a' * 1000000 %}{{ x.find('a' * 500000 ~ 'b') }}",
                "{% set x = 'a' * 1000000 %}{{ x.count('a' * 500000 ~ 'b') }}",
                "{% set x = 'a' * 1000000 %}{{ x.replace('a' * 500000 ~ 'b', '') }}",
                "{% set x = 'a' * 1000000 %}{{ x.rsplit('a' * 500000 ~ 'b') }}",
                "{% set x = 'a' * 1000000 %}{{ x.partition('a' * 500000 ~ 'b') }}",
                "{% set x = 'a' * 900000 ~ 'b' %}{{ 'a' * 900000 ~ 'c' in [x] * 1000000 }}",
                "{% set x = 'a' * 900000 ~ 'b' %}{% set y = 'a' * 900000 ~ 'c' %}{{ ([x, y] * 100000)|sort|length }}",
                "{% for i in range(99999) %}{{ 'a' * 30000 ~ 'b' in 'a' * 60000 }}{% endfor %}",
                "{% for i in range(9999) %}{{ ('ab' * 100000).upper().lower().title()|length }}{% endfor %}"
            })
    void endsWithAReason(String template) {
        assertLimited(template);
    }

    @Test
    void nestingAndLengthOfTheTextItselfAreBounded() {
        for (String open :
                List.of("(", "[", "{1: ", "-", "not ", "x(", "x[", "1 if ", "1 if 1 else ", "1 ** ", "1 + ", "x|d(")) {
            assertLimited("{{ " + open.repeat(20_000));
        }
        for (String tag :
                List.of("if 1", "for x in y", "macro f()", "filter upper", "set x", "with", "call f()", "generation")) {
            assertLimited(("{% " + tag + " %}").repeat(20_000));
        }
        for (String more :
                List.of(" + 1", " ** 1", " and 1", " or 1", ".a", "[0]", "()", "|d", " is defined|d", " if 1 else 1")) {
            assertLimited("{{ 1" + more.repeat(20_000) + " }}");
        }
        assertLimited("{{ " + "9".repeat(5000) + " }}");
        assertEquals("y".repeat(100_000), render("{# " + "x".repeat(100_000) + " #}" + "y".repeat(100_000)));
        assertEquals("1".repeat(20_000), render("{{ 1 }}".repeat(20_000)));
        assertEquals("1".repeat(20_000), render("{{ 1" + " ~ 1".repeat(19_999) + " }}"));
    }

    @Test
    void whatJinja2WithstandsIsRendered() {
        assertEquals("0", render("{{ " + "(".repeat(40) + "0" + ")".repeat(40) + " }}"));
        assertEquals("201", render("{{ 1" + " + 1".repeat(200) + " }}"));
        assertEquals(
                "x".repeat(40),
                render("{% macro f(n) %}x{% if n > 1 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(40) }}"));
        assertEquals("100000", render("{{ range(100000)|list|length }}"));
    }

    /** No text makes it fail in another way. */
    @Property(tries = 3000)
    void anyTextIsATemplateOrRefused(@ForAll("texts") String text) {
        try {
            render(text);
        } catch (JinjaException e) {
            assertNotNull(e.getMessage());
        } catch (RuntimeException | Error e) {
            fail("failed on: " + text, e);
        }
    }

    @Provide
    Arbitrary<String> texts() {
        Arbitrary<String> parts = Arbitraries.of(
                "{{",
                "}}",
                "{%",
                "%}",
                "{#",
                "#}",
                "-",
                "+",
                " ",
                "\n",
                "'",
                "\"",
                "\\",
                "(",
                ")",
                "[",
                "]",
                "{",
                "}",
                "|",
                ".",
                ",",
                ":",
                "=",
                "==",
                "<",
                "~",
                "*",
                "**",
                "/",
                "//",
                "%",
                "if ",
                "else ",
                "endif",
                "for ",
                " in ",
                "endfor",
                "set ",
                "endset",
                "a",
                "x",
                "a.b",
                "raw",
                "endraw",
                "macro f(",
                "endmacro",
                "is ",
                "not ",
                "and ",
                "or ",
                "none",
                "true",
                "1",
                "0",
                "1.5",
                "1e400",
                "0x",
                "_",
                "1_",
                "é",
                "😀",
                "\ud83d",
                "\u0000",
                "upper",
                "join",
                "loop",
                "range(",
                "'%s'",
                "'{}'.format(",
                "\\x4",
                "\\u",
                "\\N{",
                "!",
                "{% if a %}",
                "{% endif %}",
                "{% for x in a %}",
                "{% endfor %}",
                "{{ a",
                "[::",
                "%(",
                "{0",
                "recursive",
                "call ",
                "with ");
        return Arbitraries.oneOf(
                parts.list().ofMaxSize(25).map(l -> String.join("", l)),
                Arbitraries.strings().ofMaxLength(40));
    }
}
