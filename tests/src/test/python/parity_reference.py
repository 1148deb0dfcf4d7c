"""What transformers makes of a folder, read from its files alone, in float32."""
import torch
import transformers
from PIL import Image
from transformers import AutoImageProcessor, AutoTokenizer, LlavaForConditionalGeneration, LlavaProcessor

NEW_TOKENS = 5
LLAVA_DEFAULT = "USER: {images}{question} ASSISTANT:"  # for a checkpoint without a chat template


class TooClose(Exception):
    """The weights drawn make a comparison meaningless: another draw is needed."""


class Reference:
    def __init__(self, folder):
        self.folder = folder
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.processor = LlavaProcessor.from_pretrained(folder)
        # Reference is the version that works on Pillow's pictures, not the one on tensors, which 5 takes with torchvision only.
        older = {"use_fast": False} if transformers.__version__.startswith("4.") else {}
        self.processor.image_processor = AutoImageProcessor.from_pretrained(folder, **older)
        self.model = self.load(torch.float32)
        self.exact = self.load(torch.float64)
        self.image = self.model.config.image_token_index
        self.template = self.processor.chat_template or self.tokenizer.chat_template
        ends = self.model.generation_config.eos_token_id
        self.ends = ends if isinstance(ends, list) else [ends]

    def load(self, dtype):
        model, report = LlavaForConditionalGeneration.from_pretrained(
            self.folder, dtype=dtype, attn_implementation="eager", output_loading_info=True)
        assert not any(report.values()), report
        return model.eval().requires_grad_(False)

    def turn(self, question, images):
        content = [{"type": "image", "image": image} for image in images] + [{"type": "text", "text": question}]
        return {"role": "user", "content": content}

    def render(self, turns, prompt, **options):
        """The chat as the processor renders it, or tokenizes it, too."""
        return self.processor.apply_chat_template(
            turns, chat_template=self.template, add_generation_prompt=prompt, **options)

    def prompt(self, question, images):
        """Rendered text, ids (T), pixels (P, 3, S, S) or None."""
        if self.template is None:
            text = LLAVA_DEFAULT.format(images="<image>\n" * len(images), question=question)
            made = self.processor(text=text, images=images or None, return_tensors="pt")
        else:
            text = self.render([self.turn(question, images)], True)
            made = self.render([self.turn(question, images)], True, tokenize=True, return_dict=True, return_tensors="pt")
        return text, made["input_ids"][0], made.get("pixel_values")

    def answer_ids(self, question, images, prompt, ids, answer):
        """Tokens that stand between the prompt and the end of the answer in a chat that has both, and the end token."""
        if self.template is None:
            chat = f"{prompt} {answer}"
        else:
            reply = {"role": "assistant", "content": [{"type": "text", "text": answer}]}
            chat = self.render([self.turn(question, images), reply], False)
            chat = chat[:chat.index(answer, len(prompt)) + len(answer)]
        assert chat.startswith(prompt), (chat, prompt)
        tokens = self.count_once(self.encode(chat))
        prompt_ids = self.count_once(ids.tolist())
        assert tokens[:len(prompt_ids)] == prompt_ids, (tokens, prompt_ids)
        return tokens[len(prompt_ids):] + [self.tokenizer.eos_token_id]

    def encode(self, text):
        started = self.tokenizer.bos_token is not None and text.startswith(self.tokenizer.bos_token)
        return self.tokenizer(text, add_special_tokens=not started).input_ids

    def count_once(self, ids):
        """Tokens without those of pictures: one text has each picture's token once, the other many times."""
        return [i for i in ids if i != self.image]

    def embeddings(self, model, ids, projected):
        """(T, H): rows of the table, pictures' rows in the places of the image token."""
        embeds = model.get_input_embeddings()(ids)
        if projected is not None:
            embeds = embeds.masked_scatter((ids == self.image).unsqueeze(-1), projected.to(embeds.dtype))
        return embeds

    def loss(self, model, prompt, projected, answer):
        """Mean loss over the answer's tokens, gradient (T, H) of it to the prompt's embeddings, logits (T + L, V)."""
        leaf = self.embeddings(model, torch.cat([prompt, answer]), projected).clone().requires_grad_(True)
        labels = torch.cat([torch.full_like(prompt, -100), answer])
        out = model(inputs_embeds=leaf.unsqueeze(0), labels=labels.unsqueeze(0))
        out.loss.backward()
        return out.loss.detach(), leaf.grad[:len(prompt)], out.logits[0].detach()

    def features(self, model, pixels):
        """Vision tower's part and projector's output, (P, N, D') and (P, N, H)."""
        caught = []
        hook = model.model.multi_modal_projector.register_forward_pre_hook(lambda _, inputs: caught.append(inputs[0]))
        projected = model.get_image_features(pixel_values=pixels.to(model.dtype))
        projected = torch.stack(list(getattr(projected, "pooler_output", projected)))
        hook.remove()
        return caught[0], projected

    def generate(self, ids, pixels):
        inputs = {"input_ids": ids.unsqueeze(0), "attention_mask": torch.ones_like(ids).unsqueeze(0)}
        if pixels is not None:
            inputs["pixel_values"] = pixels
        out = self.model.generate(**inputs, do_sample=False, max_new_tokens=NEW_TOKENS, suppress_tokens=[self.image],
                                  pad_token_id=self.tokenizer.eos_token_id)[0, len(ids):].tolist()
        return out[:next((i for i, token in enumerate(out) if token in self.ends), len(out))]

    def sample(self, question, answer, choices, pictures, first):
        """Numbers for expected.json, and tensors for expected.safetensors."""
        images = [Image.open(self.folder / name) for name in pictures]
        text, ids, pixels = self.prompt(question, images)

        def tokens(answer):
            return torch.tensor(self.answer_ids(question, images, text, ids, answer))

        tensors, projected = {}, None
        if pixels is not None:
            features, projected = self.features(self.model, pixels)
            _, exact_projected = self.features(self.exact, pixels)
            near(projected, exact_projected)
            tensors.update(pixels=pixels, features=features, projected=projected)
        answer_ids = tokens(answer)
        loss, gradient, logits = self.loss(self.model, ids, projected, answer_ids)
        exact = self.loss(self.exact, ids, projected, answer_ids)
        near(loss, exact[0], 2e-6)
        near(gradient, exact[1])
        near(logits, exact[2])
        # All places of the first sample, the answer's places of the others: the files stay small.
        tensors.update(gradient=gradient, logits=logits[0 if first else len(ids) - 1:-1])

        # The whole model, by its own merge of pictures and text, says the same.
        whole = self.model(input_ids=torch.cat([ids, answer_ids]).unsqueeze(0), pixel_values=pixels).logits[0]
        assert torch.allclose(whole, logits, atol=1e-4), (whole - logits).abs().max()

        generated = self.generate(ids, pixels)
        self.check_margins(ids, projected, generated)
        return {
            "pictures": pictures, "question": question, "answer": answer, "choices": choices, "prompt": text,
            "prompt_ids": ids.tolist(), "answer_ids": answer_ids.tolist(), "loss": float(loss), "generated": generated,
            "choice_log_likelihoods": [self.log_likelihood(ids, projected, tokens(choice)) for choice in choices],
        }, tensors

    def log_likelihood(self, ids, projected, tokens):
        loss, _, _ = self.loss(self.model, ids, projected, tokens)
        return -float(loss) * len(tokens)

    def check_margins(self, ids, projected, generated):
        """A greedy token must not hang on rounding."""
        all_ids = torch.cat([ids, torch.tensor(generated, dtype=torch.long)])
        logits = self.model(inputs_embeds=self.embeddings(self.model, all_ids, projected).unsqueeze(0)).logits[0]
        rows = logits[len(ids) - 1:len(ids) - 1 + NEW_TOKENS].clone()
        rows[:, self.image] = -float("inf")
        best = rows.topk(2).values
        if (best[:, 0] - best[:, 1]).min() < 5e-3 * logits.abs().max():
            raise TooClose("two next tokens are almost equally likely")


def near(value, exact, tolerance=2e-5):
    """Rounding of the reference itself must be far below what it is used to find."""
    if (value - exact).abs().max() > tolerance * exact.abs().max():
        raise TooClose("float32 alone is too coarse for these weights")


def expect(folder, samples):
    """List of samples for expected.json, tensors for expected.safetensors."""
    reference = Reference(folder)
    listed, tensors = [], {}
    for i, (question, answer, choices, pictures) in enumerate(samples):
        numbers, arrays = reference.sample(question, answer, choices, pictures, i == 0)
        listed.append(numbers)
        tensors.update({f"{i}.{name}": array.float().contiguous() for name, array in arrays.items()})
    return listed, tensors
