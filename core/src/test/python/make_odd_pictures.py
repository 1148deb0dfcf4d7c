#!/usr/bin/env python3
"""Writes core/src/test/resources/odd-pictures.json: files of kinds that few programs write, and what Pillow makes of each.

    pip install pillow==13.0.0 numpy
    python core/src/test/python/make_odd_pictures.py core/src/test/resources/odd-pictures.json

It holds, by name, the file and the bytes of convert("RGB") in base64, width and height, or only the file where Pillow
refuses it.
"""
import base64
import io
import json
import pathlib
import struct
import sys
import zlib

import numpy
from PIL import Image

OUT = pathlib.Path(sys.argv[1])
RNG = numpy.random.default_rng(5)
W, H = 7, 5
FILES = {}


def bmp(bits, rows, palette=b"", compression=0, masks=b"", header=40, colours=None, height=H, width=W):
    """A BMP; rows as they stand in the file."""
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        used = len(palette) // 4 if colours is None else colours
        info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, len(rows), 0, 0, used, 0)
        if header > 40:
            info += (masks + bytes(header))[:header - 40]
            masks = b""
    start = 14 + len(info) + len(masks) + len(palette)
    return struct.pack("<2sIHHI", b"BM", start + len(rows), 0, 0, start) + info + masks + palette + rows


def padded(row):
    return row + bytes(-len(row) % 4)


def noise(bits, high=None):
    """Rows of random pixels, each row padded to four bytes."""
    if bits >= 16:
        return b"".join(padded(RNG.bytes(W * bits // 8)) for _ in range(H))
    pixels = RNG.integers(0, high or 2**bits, (H, W))
    return packed(pixels, bits)


def packed(pixels, bits):
    rows = b""
    for row in pixels:
        text = "".join(format(int(p), f"0{bits}b") for p in row)
        text += "0" * (-len(text) % 8)
        rows += padded(bytes(int(text[i:i + 8], 2) for i in range(0, len(text), 8)))
    return rows


def masks(*values):
    return struct.pack(f"<{len(values)}I", *values)


def all_16():
    """Every value that a sample of five or six bits can have."""
    return b"".join(padded(struct.pack("<7H", *(2337 * (7 * y + x) % 65536 for x in range(7)))) for y in range(H))


def bmps():
    palette = RNG.bytes(4 * 256)
    gray = b"".join(bytes((i, i, i, 0)) for i in range(256))
    FILES["16-plain.bmp"] = bmp(16, all_16())
    FILES["16-565.bmp"] = bmp(16, all_16(), compression=3, masks=masks(0xF800, 0x7E0, 0x1F))
    FILES["16-555.bmp"] = bmp(16, all_16(), compression=3, masks=masks(0x7C00, 0x3E0, 0x1F))
    FILES["16-555-v4.bmp"] = bmp(16, all_16(), compression=3, masks=masks(0x7C00, 0x3E0, 0x1F, 0x8000), header=108)
    FILES["16-565-v5.bmp"] = bmp(16, all_16(), compression=3, masks=masks(0xF800, 0x7E0, 0x1F, 0), header=124)
    FILES["16-444.bmp"] = bmp(16, all_16(), compression=3, masks=masks(0xF00, 0xF0, 0xF))
    FILES["16-bgr565.bmp"] = bmp(16, all_16(), compression=3, masks=masks(0x1F, 0x7E0, 0xF800))
    FILES["16-top-down.bmp"] = bmp(16, all_16(), height=-H)
    FILES["24-core.bmp"] = bmp(24, noise(24), header=12)
    FILES["24-top-down.bmp"] = bmp(24, noise(24), height=-H)
    FILES["32-plain.bmp"] = bmp(32, noise(32))
    for name, four in {"bgrx": (0xFF0000, 0xFF00, 0xFF, 0), "rgbx": (0xFF, 0xFF00, 0xFF0000, 0),
                       "xbgr": (0xFF000000, 0xFF0000, 0xFF00, 0), "abgr": (0xFF000000, 0xFF0000, 0xFF00, 0xFF),
                       "bgra": (0xFF0000, 0xFF00, 0xFF, 0xFF000000), "rgba": (0xFF, 0xFF00, 0xFF0000, 0xFF000000),
                       "ten": (0x3FF00000, 0xFFC00, 0x3FF, 0)}.items():
        FILES[f"32-{name}.bmp"] = bmp(32, noise(32), compression=3, masks=masks(*four), header=108)
        FILES[f"32-{name}-three.bmp"] = bmp(32, noise(32), compression=3, masks=masks(*four[:3]))
    for bits in (1, 4, 8):
        colours = 2**bits
        FILES[f"{bits}-whole.bmp"] = bmp(bits, noise(bits), palette[:4 * colours])
        FILES[f"{bits}-all-used.bmp"] = bmp(bits, noise(bits), palette[:4 * colours], colours=0)
        FILES[f"{bits}-gray.bmp"] = bmp(bits, noise(bits), gray[:4 * colours])
        FILES[f"{bits}-core.bmp"] = bmp(bits, noise(bits), palette[:3 * colours], header=12)
        if bits > 1:
            FILES[f"{bits}-short.bmp"] = bmp(bits, noise(bits, 3), palette[:12])
            FILES[f"{bits}-beyond.bmp"] = bmp(bits, noise(bits), palette[:12])
            FILES[f"{bits}-gray-beyond.bmp"] = bmp(bits, noise(bits), gray[:12])
    FILES["1-one-colour.bmp"] = bmp(1, noise(1), palette[:4])
    FILES["8-too-many.bmp"] = bmp(8, noise(8), palette + RNG.bytes(4 * 44))
    # Runs, copied pixels, ends of lines; the last rows by a jump, which leaves pixels out.
    rle8 = b"\x07\x05\0\0" + b"\x03\x01\0\x03\x07\x08\x09\0\x01\x02\0\0" + b"\x07\x09\0\0" * 2
    end = b"\x07\x0a\0\1"
    jump = b"\x02\x04\0\2\2\0\x03\x06\0\1"
    FILES["8-rle.bmp"] = bmp(8, rle8 + end, palette, compression=1)
    FILES["8-rle-jump.bmp"] = bmp(8, rle8 + jump, palette, compression=1)
    FILES["8-rle-beyond.bmp"] = bmp(8, rle8 + end, palette[:12], compression=1)
    FILES["8-rle-no-end.bmp"] = bmp(8, rle8 + end[:-2], palette, compression=1)
    rle4 = b"\x07\x12\0\0" + b"\0\x05\x34\x56\x70\0\x02\x9a\0\0" + b"\x07\x21\0\0" * 2 + b"\x07\x44\0\1"
    FILES["4-rle.bmp"] = bmp(4, rle4, palette[:64], compression=2)


def png(depth, colour, data, *chunks, interlace=0, width=W, height=H):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))
    return (b"\x89PNG\r\n\x1a\n" + header + b"".join(chunk(*c) for c in chunks) + chunk(b"IDAT", zlib.compress(data))
            + chunk(b"IEND", b""))


def png_rows(depth, samples=1, high=None):
    if depth == 16 or samples > 1:
        return b"".join(b"\0" + RNG.bytes(W * samples * depth // 8) for _ in range(H))
    rows = b""
    for row in RNG.integers(0, high or 2**depth, (H, W)):
        text = "".join(format(int(p), f"0{depth}b") for p in row)
        text += "0" * (-len(text) % 8)
        rows += b"\0" + bytes(int(text[i:i + 8], 2) for i in range(0, len(text), 8))
    return rows


def adam7(depth, samples):
    rows = b""
    for x0, y0, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        columns = len(range(x0, W, dx))
        for _ in range(y0, H, dy):
            rows += b"\0" + RNG.bytes((columns * samples * depth + 7) // 8) if columns else b""
    return rows


def pngs():
    palette = RNG.bytes(3 * 256)
    for depth in (1, 2, 4, 8):
        colours = 2**depth
        FILES[f"palette-{depth}.png"] = png(depth, 3, png_rows(depth), (b"PLTE", palette[:3 * colours]))
        if depth > 1:
            FILES[f"palette-{depth}-beyond.png"] = png(depth, 3, png_rows(depth), (b"PLTE", palette[:9]))
            FILES[f"palette-{depth}-beyond-clear.png"] = png(
                depth, 3, png_rows(depth), (b"PLTE", palette[:9]), (b"tRNS", b"\x80\0"))
            FILES[f"palette-{depth}-short.png"] = png(depth, 3, png_rows(depth, high=3), (b"PLTE", palette[:9]))
        FILES[f"palette-{depth}-clear.png"] = png(
            depth, 3, png_rows(depth), (b"PLTE", palette[:3 * colours]), (b"tRNS", bytes(range(colours))))
        FILES[f"palette-{depth}-adam7.png"] = png(
            depth, 3, adam7(depth, 1), (b"PLTE", palette[:3 * colours]), interlace=1)
        FILES[f"gray-{depth}.png"] = png(depth, 0, png_rows(depth))
        FILES[f"gray-{depth}-clear.png"] = png(depth, 0, png_rows(depth), (b"tRNS", b"\0\1"))
        FILES[f"gray-{depth}-adam7.png"] = png(depth, 0, adam7(depth, 1), interlace=1)
    FILES["palette-1-one-colour.png"] = png(1, 3, png_rows(1), (b"PLTE", palette[:3]))
    FILES["palette-8-300.png"] = png(8, 3, png_rows(8), (b"PLTE", palette + RNG.bytes(132)))
    FILES["palette-8-none.png"] = png(8, 3, png_rows(8))
    FILES["palette-8-four-bytes.png"] = png(8, 3, png_rows(8, high=2), (b"PLTE", palette[:7]))
    for colour, samples in ((0, 1), (2, 3), (4, 2), (6, 4)):
        FILES[f"16-{samples}.png"] = png(16, colour, png_rows(16, samples))
        FILES[f"16-{samples}-adam7.png"] = png(16, colour, adam7(16, samples), interlace=1)
    FILES["16-1-clear.png"] = png(16, 0, png_rows(16), (b"tRNS", b"\x12\x34"))
    FILES["16-3-clear.png"] = png(16, 2, png_rows(16, 3), (b"tRNS", b"\0\1\0\2\0\3"))
    FILES["rgb-suggested-palette.png"] = png(8, 2, png_rows(8, 3), (b"PLTE", palette[:30]))
    FILES["rgb-background.png"] = png(8, 6, png_rows(8, 4), (b"bKGD", b"\0\1\0\2\0\3"))
    FILES["rgb-bits.png"] = png(8, 2, png_rows(8, 3), (b"sBIT", b"\5\6\5"))
    damaged = bytearray(png(8, 2, png_rows(8, 3)))
    damaged[damaged.index(b"IDAT") + 4 + 3] ^= 1
    FILES["damaged.png"] = bytes(damaged)


def lzw(pixels, size):
    """GIF's compression without any: a clear code before the codes would grow."""
    codes, most = [], 2**size - 2
    for i, p in enumerate(pixels):
        if i % most == 0:
            codes.append(2**size)
        codes.append(int(p))
    codes.append(2**size + 1)
    bits = "".join(format(c, f"0{size + 1}b")[::-1] for c in codes)
    bits += "0" * (-len(bits) % 8)
    data = bytes(int(bits[i:i + 8][::-1], 2) for i in range(0, len(bits), 8))
    blocks = b"".join(bytes([len(data[i:i + 255])]) + data[i:i + 255] for i in range(0, len(data), 255))
    return bytes([size]) + blocks + b"\0"


def gif(size, pixels, shared=b"", own=b"", control=b"", interlace=0, background=0):
    def flags(table):
        return 0x80 | (len(table) // 3).bit_length() - 2 if table else 0
    screen = b"GIF89a" + struct.pack("<HHBBB", W, H, flags(shared), background, 0) + shared
    return (screen + control + b"," + struct.pack("<HHHHB", 0, 0, W, H, flags(own) | interlace) + own
            + lzw(pixels, size) + b";")


def gifs():
    colours = RNG.bytes(3 * 256)
    eight, four, two = (RNG.integers(0, n, W * H) for n in (256, 4, 2))
    FILES["whole.gif"] = gif(8, eight, colours)
    FILES["own.gif"] = gif(2, four, own=colours[:12])
    FILES["both.gif"] = gif(2, four, colours[:24], colours[30:42])
    FILES["none.gif"] = gif(8, eight)
    FILES["none-two.gif"] = gif(2, four)
    FILES["beyond.gif"] = gif(8, eight, colours[:12])
    FILES["beyond-own.gif"] = gif(3, RNG.integers(0, 8, W * H), colours, colours[:6])
    FILES["gray.gif"] = gif(8, eight, b"".join(bytes((i, i, i)) for i in range(256)))
    FILES["gray-beyond.gif"] = gif(8, eight, b"".join(bytes((i, i, i)) for i in range(4)))
    FILES["bits.gif"] = gif(2, two, b"\0\0\0\xff\xff\xff")
    FILES["interlaced.gif"] = gif(8, eight, colours, interlace=0x40)
    FILES["clear.gif"] = gif(2, four, colours[:12], control=b"!\xf9\4\1\0\0\2\0", background=1)
    FILES["clear-beyond.gif"] = gif(2, four, colours[:12], control=b"!\xf9\4\1\0\0\x40\0", background=3)


def jpegs():
    y, x = numpy.mgrid[0:H * 3, 0:W * 3]
    waves = numpy.stack([127 + 110 * numpy.sin(x / (3 + c) + c) * numpy.cos(y / (4 + c)) for c in range(4)], -1)
    waves = waves.astype(numpy.uint8)

    def save(name, image, **options):
        file = io.BytesIO()
        image.save(file, "JPEG", **options)
        FILES[name] = file.getvalue()

    rgb, inks = Image.fromarray(waves[..., :3]), Image.fromarray(waves, "CMYK")
    save("rgb.jpg", rgb, quality=90, keep_rgb=True)
    save("restarts.jpg", rgb, quality=80, restart_marker_blocks=1)
    save("gray-progressive.jpg", rgb.convert("L"), quality=80, progressive=True)
    save("inks-progressive.jpg", inks, quality=90, progressive=True)
    save("inks.jpg", inks, quality=90)
    plain = FILES["inks.jpg"]
    adobe = plain.index(b"\xff\xee")
    FILES["inks-unmarked.jpg"] = plain[:adobe] + plain[adobe + 2 + struct.unpack(">H", plain[adobe + 2:adobe + 4])[0]:]
    plain = FILES["rgb.jpg"]
    adobe = plain.find(b"\xff\xee")
    if adobe > 0:
        FILES["rgb-unmarked.jpg"] = plain[:adobe] + plain[adobe + 2 + struct.unpack(">H", plain[adobe + 2:adobe + 4])[0]:]
    whole = io.BytesIO()
    rgb.save(whole, "JPEG", quality=90)
    FILES["no-end.jpg"] = whole.getvalue()[:-2]
    FILES["more-behind.jpg"] = whole.getvalue() + b"more"


def pillow(file):
    try:
        with Image.open(io.BytesIO(file), formats=("PNG", "JPEG", "GIF", "BMP")) as image:
            image.load()
            rgb = image.convert("RGB")
        return {"width": rgb.width, "height": rgb.height, "rgb": base64.b64encode(rgb.tobytes()).decode()}
    except (OSError, ValueError, SyntaxError, EOFError, KeyError, IndexError, struct.error) as e:
        print("refused", e)
        return {}


for part in (bmps, pngs, gifs, jpegs):
    part()
odd = {}
for name, file in sorted(FILES.items()):
    print(name, end=" ")
    odd[name] = {"file": base64.b64encode(file).decode(), **pillow(file)}
    print()
OUT.write_text(json.dumps(odd, indent=1) + "\n")
