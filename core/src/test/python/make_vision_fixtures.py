#!/usr/bin/env python3
"""Writes core/src/test/resources/parity/vision: what Pillow and transformers make of pictures, and what CLIP, SigLIP and
LLaVA's connector of transformers make of pixels. The Java classes are held to it.

    python3 -m venv /tmp/vision-parity
    /tmp/vision-parity/bin/pip install torch==2.7.1 transformers==4.57.3 pillow==12.2.0 numpy==2.4.6
    /tmp/vision-parity/bin/python core/src/test/python/make_vision_fixtures.py

With --out DIR and --seed N it writes fresh ones elsewhere, for -Dfednano.vision.dir=DIR. Nothing of it is needed to build,
run or test the Java parts.
"""
import argparse
import base64
import hashlib
import io
import json
import pathlib
import platform
import struct
import zlib

import numpy
import PIL
import torch
import transformers
from PIL import Image, ImageCms
from transformers import (CLIPImageProcessor, CLIPVisionConfig, LlamaConfig, LlavaConfig,
                          LlavaForConditionalGeneration, LlavaImageProcessor, SiglipImageProcessor,
                          SiglipVisionConfig)

HERE = pathlib.Path(__file__).resolve()
PROCESSORS = {p.__name__: p for p in (CLIPImageProcessor, SiglipImageProcessor, LlavaImageProcessor)}


def b64(array, dtype):
    return base64.b64encode(numpy.ascontiguousarray(array, dtype=dtype).tobytes()).decode()


def sha(array, dtype):
    return hashlib.sha256(numpy.ascontiguousarray(array, dtype=dtype).tobytes()).hexdigest()


def scene(rng, width, height, channels=3):
    """Waves with noise: edges and flat parts in one picture."""
    y, x = numpy.mgrid[0:height, 0:width]
    planes = [127 + 110 * numpy.sin(x / (7 + 3 * c) + c) * numpy.cos(y / (9 + 2 * c)) + rng.normal(0, 9, (height, width))
              for c in range(channels)]
    return numpy.clip(numpy.stack(planes, -1), 0, 255).astype(numpy.uint8)


def raw_png(rng, width, height, depth, colour, samples, extra=()):
    """A PNG of a kind that Pillow cannot write: random samples."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + rng.bytes((width * samples * depth + 7) // 8) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = [(b"IHDR", header), *extra, (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*c) for c in chunks)


def wide_profile():
    """A colour profile that visibly changes colours where a decoder applies it."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes(12)  # the date
    for i in range(struct.unpack(">I", profile[128:132])[0]):
        at = 132 + 12 * i
        if profile[at:at + 4] == b"rXYZ":
            offset = struct.unpack(">I", profile[at + 4:at + 8])[0]
            profile[offset + 8:offset + 20] = struct.pack(">iii", 39976, 20316, 1245)
    return bytes(profile)


def pictures(rng):
    """File name -> bytes: every kind of pixel that PNG, JPEG, GIF and BMP hold."""
    files = {}

    def save(name, image, **options):
        buffer = io.BytesIO()
        image.save(buffer, {"jpg": "JPEG"}.get(name[-3:], name[-3:].upper()), **options)
        files[name] = buffer.getvalue()

    rgb, small = Image.fromarray(scene(rng, 61, 43)), Image.fromarray(scene(rng, 31, 24))
    gray = Image.fromarray(scene(rng, 31, 24, 1)[:, :, 0], "L")
    palette = small.quantize(50)
    save("rgb.png", rgb)
    save("rgb-icc.png", small, icc_profile=wide_profile())
    save("rgba.png", Image.fromarray(scene(rng, 31, 24, 4), "RGBA"))
    save("gray.png", gray)
    save("gray-alpha.png", Image.fromarray(scene(rng, 31, 24, 2), "LA"))
    save("bits.png", gray.convert("1"))
    save("palette.png", palette)
    save("palette-2.png", small.quantize(3), bits=2)
    save("palette-clear.png", palette, transparency=3)
    save("palette-alpha.png", palette, transparency=bytes(range(0, 250, 5)))
    save("rgb-clear.png", small, transparency=(10, 20, 30))
    files["gray-2.png"] = raw_png(rng, 20, 9, 2, 0, 1)
    files["gray-4.png"] = raw_png(rng, 20, 9, 4, 0, 1)
    files["gray-16-clear.png"] = raw_png(rng, 20, 9, 16, 0, 1, [(b"tRNS", b"\1\2")])
    files["rgb-16.png"] = raw_png(rng, 20, 9, 16, 2, 3)
    files["rgba-16.png"] = raw_png(rng, 20, 9, 16, 6, 4)
    files["gray-alpha-16.png"] = raw_png(rng, 20, 9, 16, 4, 2)
    files["gamma.png"] = raw_png(rng, 20, 9, 8, 2, 3, [(b"gAMA", struct.pack(">I", 22000))])
    save("gray-16.png", Image.fromarray(rng.integers(0, 600, (9, 20)).astype(numpy.uint16)))
    save("palette.gif", palette)
    save("clear.gif", palette, transparency=5)
    for name in ("palette.gif", "clear.gif"):  # the same frames in the middle of larger screens
        moved = bytearray(files[name])
        frame = moved.index(b"\x2c\0\0\0\0")
        moved[6:10] = struct.pack("<HH", 40, 20)
        moved[frame + 1:frame + 5] = struct.pack("<HH", 3, 2)
        files["moved-" + name] = bytes(moved)
    save("rgb.bmp", small)
    save("rgba.bmp", Image.fromarray(scene(rng, 31, 24, 4), "RGBA"))
    save("palette.bmp", palette)
    save("bits.bmp", gray.convert("1"))
    for sampling, name in enumerate(("444", "422", "420")):
        save(f"{name}.jpg", rgb, quality=85, subsampling=sampling)
    save("progressive.jpg", rgb, quality=70, progressive=True)
    save("icc.jpg", rgb, quality=90, icc_profile=wide_profile())
    save("gray.jpg", gray)
    save("turned.jpg", rgb, quality=90, exif=b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0")
    save("inks.jpg", Image.fromarray(scene(rng, 31, 24, 4), "CMYK"), quality=90)
    ycck = bytearray(files["inks.jpg"])
    ycck[ycck.index(b"Adobe") + 11] = 2  # the same numbers, declared as luminance and chrominance
    files["inks-ycc.jpg"] = bytes(ycck)
    for width, height in ((1, 1), (2, 1), (1, 90), (90, 1), (24, 24), (3, 70), (200, 7)):
        save(f"{width}x{height}.png", Image.fromarray(scene(rng, width, height)))
    return files


def configs():
    """Name -> preprocessor_config.json: image processors with what published checkpoints say, and the odd ones."""
    clip = {"image_processor_type": "CLIPImageProcessor"}
    siglip = {"image_processor_type": "SiglipImageProcessor", "do_convert_rgb": True}
    llava = {"image_processor_type": "LlavaImageProcessor", "size": {"shortest_edge": 24},
             "crop_size": {"height": 24, "width": 24}}
    crop = {"height": 24, "width": 24}
    found = {
        "clip-first": {"feature_extractor_type": "CLIPFeatureExtractor", "size": 24, "crop_size": 24, "resample": 3},
        "clip": {**clip, "size": {"shortest_edge": 24}, "crop_size": crop, "do_convert_rgb": True},
        "clip-longest": {**clip, "size": {"shortest_edge": 24, "longest_edge": 30}, "crop_size": crop},
        "clip-small-crop": {**clip, "size": {"shortest_edge": 31}, "crop_size": crop},
        "clip-black-border": {**clip, "size": {"height": 19, "width": 40}, "crop_size": crop},
        "clip-unresized": {**clip, "do_resize": False, "crop_size": crop},
        "clip-squeezed": {**clip, "size": {"height": 24, "width": 24}, "do_center_crop": False},
        "clip-raw": {**clip, "size": {"shortest_edge": 24}, "crop_size": crop, "do_rescale": False,
                     "do_normalize": False},
        "clip-unscaled": {**clip, "size": {"shortest_edge": 24}, "crop_size": crop, "do_rescale": False},
        "clip-unnormalised": {**clip, "size": {"shortest_edge": 24}, "crop_size": crop, "do_normalize": False,
                              "rescale_factor": 0.0078431},
        "siglip": {**siglip, "size": {"height": 24, "width": 24}, "image_mean": [0.5] * 3, "image_std": [0.5] * 3},
        "siglip-bare": {**siglip, "size": {"height": 24, "width": 24}, "resample": 2},
        "llava-padded": {**llava, "do_pad": True},
        "llava-padded-uncropped": {**llava, "do_pad": True, "do_center_crop": False, "resample": 1},
        "llava-padded-squeezed": {**llava, "do_pad": True, "size": {"height": 27, "width": 31}},
        "llava": {**llava, "do_pad": False},
    }
    for number, name in enumerate(("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming")):
        found[name] = {**clip, "size": {"shortest_edge": 24}, "crop_size": crop, "resample": number}
    return found


def processor_of(config):
    name = config.get("image_processor_type", "CLIPImageProcessor")
    return PROCESSORS[name](**{k: v for k, v in config.items() if not k.endswith("_type")})


def lines(content):
    """JSON with one entry of a list or an object per line: small, and changes can be read."""
    def entry(value):
        if isinstance(value, dict):
            return "{" + ",\n".join(json.dumps(k) + ": " + json.dumps(v) for k, v in value.items()) + "}"
        return "[" + ",\n".join(json.dumps(v) for v in value) + "]" if isinstance(value, list) else json.dumps(value)
    return "{" + ",\n".join(json.dumps(k) + ": " + entry(v) for k, v in content.items()) + "}\n"


def preprocessing(out, rng):
    files = pictures(rng)
    (out / "pictures").mkdir(parents=True, exist_ok=True)
    decoded = {}
    for name, data in files.items():
        (out / "pictures" / name).write_bytes(data)
        image = Image.open(io.BytesIO(data)).convert("RGB")
        decoded[name] = {"width": image.width, "height": image.height, "rgb_sha256": sha(numpy.array(image), "u1")}
    sized = [n for n in files if n[0].isdigit() and n.endswith(".png")] + ["rgb.png"]
    cases = []
    for config_name, config in configs().items():
        for name in sized:
            # The reference takes pictures of one or three rows for channels first; it is told what they are.
            image = Image.open(io.BytesIO(files[name])).convert("RGB")
            bare = {**config, "do_rescale": False, "do_normalize": False}
            call = dict(return_tensors="np", input_data_format="channels_last")
            levels = processor_of(bare)(image, **call)["pixel_values"][0]
            pixels = processor_of(config)(image, **call)["pixel_values"][0]
            cases.append({"config": config_name, "picture": name, "levels_sha256": sha(levels.transpose(1, 2, 0), "u1"),
                          "pixels_sha256": sha(pixels, "<f4"), "some": [float(v) for v in pixels.reshape(-1)[::700]]})
    return {"side": 24, "decoded": decoded, "configs": configs(), "preprocessed": cases}


def tiny_model(vision, **llava):
    config = LlavaConfig(vision_config=vision.to_dict(),
                         text_config=LlamaConfig(hidden_size=10, intermediate_size=8, num_hidden_layers=1,
                                                 num_attention_heads=2, vocab_size=8).to_dict(),
                         image_token_index=3, **llava)
    model = LlavaForConditionalGeneration(config).eval()
    for name, parameter in sorted(model.named_parameters()):
        with torch.no_grad():  # far from the usual tiny start, so that every part shows in the results
            if parameter.dim() == 1 and "weight" in name:
                parameter.copy_(1 + 0.2 * torch.randn_like(parameter))
            else:
                parameter.copy_(torch.randn_like(parameter) * (0.6 if "embed" in name else 0.25))
    return model


def towers():
    shape = dict(hidden_size=8, intermediate_size=12, num_hidden_layers=2, num_attention_heads=2)
    clip = CLIPVisionConfig(**shape, image_size=14, patch_size=4)
    clip_gelu = CLIPVisionConfig(**shape, image_size=12, patch_size=4, hidden_act="gelu", layer_norm_eps=1e-3)
    siglip = SiglipVisionConfig(**shape, image_size=15, patch_size=4)
    headless = SiglipVisionConfig(**shape, image_size=12, patch_size=4, vision_use_head=False, hidden_act="gelu")
    variants = {
        "clip": (clip, dict(vision_feature_layer=-2)),
        "clip-full-last": (clip_gelu, dict(vision_feature_layer=-1, vision_feature_select_strategy="full")),
        "clip-positive": (clip, dict(vision_feature_layer=1, projector_hidden_act="silu")),
        "clip-embeddings": (clip, dict(vision_feature_layer=0, vision_feature_select_strategy="full",
                                       projector_hidden_act="relu")),
        "clip-list": (clip, dict(vision_feature_layer=[-2, 1, -1, 0], multimodal_projector_bias=False,
                                 projector_hidden_act="gelu_pytorch_tanh")),
        "siglip": (siglip, dict(vision_feature_layer=-2, vision_feature_select_strategy="full")),
        "siglip-default-last": (headless, dict(vision_feature_layer=-1, projector_hidden_act="tanh")),
        "siglip-list": (siglip, dict(vision_feature_layer=[2, -2], vision_feature_select_strategy="full",
                                     multimodal_projector_bias=False, projector_hidden_act="quick_gelu")),
    }
    found = []
    for name, (vision, llava) in variants.items():
        model = tiny_model(vision, **llava)
        pixels = torch.randn(2, 3, vision.image_size, vision.image_size)
        connector = []
        hook = model.model.multi_modal_projector.register_forward_pre_hook(lambda m, args: connector.append(args[0]))
        with torch.no_grad():
            projected = torch.stack(list(model.get_image_features(pixels)))
        hook.remove()
        tensors = {}
        for key, value in sorted(model.state_dict().items()):
            if key.startswith(("model.vision_tower.", "model.multi_modal_projector.")):
                if ".head." not in key:  # the pooling head plays no part
                    tensors[key[6:]] = {"shape": list(value.shape), "values": b64(value.numpy(), "<f4")}
        config = model.config.to_dict()
        config["vision_config"] = {k: v for k, v in vision.to_diff_dict().items() if k != "transformers_version"}
        found.append({"name": name, "config": {k: config[k] for k in (
            "model_type", "vision_config", "text_config", "vision_feature_layer", "vision_feature_select_strategy",
            "projector_hidden_act", "multimodal_projector_bias")}, "tensors": tensors,
            "pixels": b64(pixels.numpy(), "<f4"), "features": b64(connector[0].numpy(), "<f4"),
            "projected": b64(projected.numpy(), "<f4")})
        found[-1]["config"]["text_config"] = {"model_type": "llama", "hidden_size": 10}
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, default=HERE.parents[1] / "resources" / "parity" / "vision")
    parser.add_argument("--seed", type=int, default=21)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    made_with = {"transformers": transformers.__version__, "torch": torch.__version__, "pillow": PIL.__version__,
                 "numpy": numpy.__version__, "python": platform.python_version(), "script": HERE.name,
                 "seed": args.seed}
    args.out.mkdir(parents=True, exist_ok=True)
    pixels = preprocessing(args.out, numpy.random.default_rng(args.seed))
    (args.out / "preprocessing.json").write_text(lines({"made_with": made_with, **pixels}))
    (args.out / "towers.json").write_text(lines({"made_with": made_with, "towers": towers()}))
    print(sum(f.stat().st_size for f in args.out.rglob("*") if f.is_file()), "bytes in", args.out)


if __name__ == "__main__":
    main()
