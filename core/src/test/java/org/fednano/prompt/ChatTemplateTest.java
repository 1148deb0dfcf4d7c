package org.fednano.prompt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Against what transformers renders: {@code src/test/python/make_chats.py}. */
class ChatTemplateTest {

    private static final Map<String, String> TOKENS = Map.of("bos_token", "<s>", "eos_token", "</s>");
    private static final JsonNode CHATS = read();

    private static JsonNode read() {
        try (InputStream in = ChatTemplateTest.class.getResourceAsStream("/prompt/chats.json")) {
            return JsonMapper.builder().build().readTree(in);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static Stream<JsonNode> cases() {
        List<JsonNode> cases = new ArrayList<>();
        CHATS.path("cases").forEach(cases::add);
        return cases.stream();
    }

    private static ChatTemplate template(JsonNode chat) {
        return new ChatTemplate(
                CHATS.path("templates").path(chat.path("template").asText()).asText(), TOKENS);
    }

    private static String name(JsonNode chat) {
        return chat.path("template").asText() + ", " + chat.path("media") + " media, answer " + chat.path("answer");
    }

    @TestFactory
    Stream<DynamicTest> rendersWhatTransformersRenders() {
        return cases().map(chat -> DynamicTest.dynamicTest(name(chat), () -> {
            boolean answered = !chat.path("answer").isNull();
            List<Map<String, Object>> messages = new ArrayList<>();
            int media = chat.path("media").asInt();
            messages.add(turn("user", chat, media, chat.path("text").asText()));
            if (answered) {
                messages.add(turn("assistant", chat, 0, chat.path("answer").asText()));
            }
            assertEquals(chat.path("rendered").asText(), template(chat).render(messages, !answered));
        }));
    }

    private static Map<String, Object> turn(String role, JsonNode chat, int media, String text) {
        if (!chat.path("list").asBoolean()) {
            return Map.of("role", role, "content", "<image>\n".repeat(media) + text);
        }
        List<Map<String, Object>> content = new ArrayList<>();
        for (int i = 0; i < media; i++) {
            content.add(Map.of("type", "image"));
        }
        content.add(Map.of("type", "text", "text", text));
        return Map.of("role", role, "content", content);
    }

    /** The frame is rendered around a mark, and the user's text put there: that must be the same prompt. */
    @TestFactory
    Stream<DynamicTest> aFrameWithTheTextPutInIsTheRenderedPrompt() {
        return cases().filter(chat -> chat.path("answer").isNull())
                .map(chat -> DynamicTest.dynamicTest(name(chat), () -> {
                    ChatPrompt prompt = new ChatPrompt(template(chat), "chat_template.jinja", "<image>");
                    assertEquals(
                            chat.path("rendered").asText(),
                            prompt.turn(chat.path("media").asInt())
                                    .around(chat.path("text").asText()));
                }));
    }

    @Test
    void knowsWhatStandsAroundAnAnswer() {
        Map<String, String> before = new TreeMap<>();
        Map<String, String> behind = new TreeMap<>();
        cases().forEach(chat -> new ChatPrompt(template(chat), "f", "<image>")
                .answer()
                .ifPresent(around -> {
                    before.put(chat.path("template").asText(), around.before());
                    behind.put(chat.path("template").asText(), around.behind());
                }));
        assertEquals(" ", before.get("llava-1.5"));
        assertEquals(" ", before.get("vicuna"));
        assertEquals(" ", before.get("llama-2"));
        assertEquals("", before.get("llama-3"));
        assertEquals("", before.get("mistral-0.1"));
        assertEquals(" ", before.get("mistral-0.3"));
        assertEquals("", before.get("qwen2.5"));
        assertEquals("<|im_end|>\n", behind.get("qwen2.5"));
        assertEquals("<|eot_id|>", behind.get("llama-3"));
        assertEquals("</s>", behind.get("vicuna"));
        assertFalse(before.containsKey("llava-qwen2")); // writes a blank more before an answer than it prompts with
    }

    @Test
    void aTextOfAUserIsNeverATemplate() throws ChatTemplate.Failure {
        ChatTemplate template = new ChatTemplate("{{ messages[0]['content'] }}", TOKENS);
        String text = "{{ bos_token }}{% for x in messages %}!{% endfor %}{# #}";
        assertEquals(text, template.render(List.of(Map.of("role", "user", "content", text)), true));
    }

    @Test
    void theDayOfARunChangesNoPrompt() throws ChatTemplate.Failure {
        ChatTemplate template = new ChatTemplate("{{ strftime_now('%d %b %Y, %Y-%m-%d') }}", TOKENS);
        assertEquals("26 Jul 2024, 2024-07-26", template.render(List.of(), true));
    }

    private static final String TURN =
            "{% if m.role == 'user' %}<u>{% if m.content is string %}{{ m.content }}{% else %}"
                    + "{% for c in m.content %}{{ '<image>' if c.type == 'image' else c.text }}{% endfor %}{% endif %}</u>"
                    + "{% else %}ANSWER{% endif %}";

    private static ChatPrompt prompt(String answer) {
        String template = "{% for m in messages %}" + TURN.replace("ANSWER", answer)
                + "{% endfor %}{% if add_generation_prompt %}<a>{% endif %}";
        return new ChatPrompt(new ChatTemplate(template, TOKENS), "chat_template.jinja", "<image>");
    }

    @Test
    void anAnswerIsWhatTheTemplateWritesBehindThePrompt() {
        assertEquals(
                new ChatPrompt.Around("> ", "</a>"),
                prompt("<a>{% if loop.previtem.role == 'user' %}> {% endif %}{{ m.content[0].text }}</a>")
                        .answer()
                        .orElseThrow());
        assertEquals( // with the answer as a text, where a list fails
                new ChatPrompt.Around("", "</a>"),
                prompt("{{ '<a>' + m.content + '</a>' }}").answer().orElseThrow());
        assertTrue(prompt("").answer().isEmpty());
    }

    @Test
    void aTemplateThatFailsWithAnAnswerOnlyIsRefused() {
        for (String answer :
                List.of("{{ raise_exception('one turn only') }}", "{{ m.content.encode() }}", "{{ m.content + 1 }}")) {
            JobException e =
                    assertThrows(JobException.class, () -> prompt(answer).answer());
            assertEquals(ExitStatus.BAD_INPUT, e.status());
            assertTrue(
                    e.getMessage().contains("an answer") && e.getMessage().contains("prompt.template"), e.getMessage());
        }
    }

    /** The question decides what the template writes. */
    @Test
    void aTemplateThatLooksIntoTheTextIsGivenTheText() {
        String template = "{% set t = messages[0].content %}<u>{{ t.split('##')[-1] | upper if '##' in t else t }}</u>";
        ChatPrompt prompt = new ChatPrompt(new ChatTemplate(template, TOKENS), "f", "<image>");
        assertEquals("<u><image>\nwhat?</u>", prompt.prompt(1, "what?"));
        JobException e = assertThrows(JobException.class, () -> prompt.prompt(1, "a ## b"));
        assertTrue(e.getMessage().contains("a ## b"), e.getMessage());
        assertEquals("<u> B</u>", prompt.prompt(0, "a ## b"));
        String longText = "x".repeat(300_000);
        assertEquals("<u><image>\n" + longText + "</u>", prompt.prompt(1, longText));
    }

    @Test
    void aTemplateThatFailsBothWithAListAndWithATextIsRefusedWithBothReasons() {
        String template = "{% if messages[0].content is string %}{{ raise_exception('lists only') }}{% endif %}"
                + "{{ messages[0].content[1].text.encode() }}";
        assertRefused(template, "lists only");
        assertRefused(template, "encode");
        assertRefused("{% for c in messages[0].content %}{{ c.text }}{% endfor %}", "a list of contents");
    }

    @Test
    void aTemplateThatCannotBeUsedIsRefusedWithItsFileAndAWayOut() {
        assertRefused("{{ raise_exception('No pictures here') }}", "No pictures here");
        assertRefused("{{ messages[0]['content'] | nonsense }}", "nonsense");
        assertRefused("{{ messages[0]['content'] | urlize }}", "urlize");
        assertRefused("{% for m in messages %}", "for");
        assertRefused("Hello", "'Hello'");
        assertRefused("{{ messages[0]['role'].upper().encode() }}", "encode");
        assertRefused("{% include 'other' %}", "include");
        assertRefused(
                "{% for i in range(999) %}{% for j in range(999) %}xxxxxxxxxx{% endfor %}{% endfor %}", "characters");
    }

    private static void assertRefused(String template, String why) {
        JobException e = assertThrows(
                JobException.class,
                () -> new ChatPrompt(new ChatTemplate(template, TOKENS), "chat_template.jinja", "<image>"));
        assertEquals(ExitStatus.BAD_INPUT, e.status());
        assertTrue(e.getMessage().contains("chat_template.jinja"), e.getMessage());
        assertTrue(e.getMessage().contains("prompt.template"), e.getMessage());
        assertTrue(e.getMessage().contains(why), e.getMessage());
    }
}
