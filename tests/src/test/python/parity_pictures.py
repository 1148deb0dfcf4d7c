"""Pictures of every kind of file that shards hold, with edges that a resize must filter."""
import numpy
from PIL import Image


def colours(width, height, random):
    """Ramps, a checkerboard and random spots, (height, width, 3)."""
    y, x = numpy.indices((height, width))
    ramps = numpy.stack([y * 255 // max(1, height - 1), 255 - x * 255 // max(1, width - 1),
                         (y // 5 + x // 5) % 2 * 255], axis=-1)
    spots = random.random((height, width, 1)) < 0.1
    return numpy.where(spots, random.integers(0, 256, (height, width, 3)), ramps).astype(numpy.uint8)


def smooth(width, height, random):
    """What a camera could have seen: JPEG keeps it well."""
    small = Image.fromarray(random.integers(0, 256, (4, 5, 3)).astype(numpy.uint8))
    return numpy.asarray(small.resize((width, height), Image.Resampling.BICUBIC))


def write(folder, number, kind, width, height, random):
    """Writes picture-NUMBER with the file type that belongs to the kind; gives its name."""
    rgb = colours(width, height, random)
    alpha = numpy.indices((height, width))[1] * 255 // max(1, width - 1)
    name = f"picture-{number}." + ("jpg" if kind.startswith("jpeg") else "png")
    options = {}
    if kind == "rgb":
        picture = Image.fromarray(rgb)
    elif kind == "rgba":
        picture = Image.fromarray(numpy.dstack([rgb, alpha]).astype(numpy.uint8), "RGBA")
    elif kind == "gray":
        picture = Image.fromarray(rgb[..., 0])
    elif kind == "gray-alpha":
        picture = Image.fromarray(numpy.dstack([rgb[..., 1], alpha]).astype(numpy.uint8), "LA")
    elif kind == "bits":
        picture = Image.fromarray(rgb[..., 2]).convert("1")
    elif kind == "palette":
        picture = Image.fromarray(rgb).quantize(16)
    elif kind == "palette-transparent":
        picture = Image.fromarray(rgb).quantize(12)
        options = {"transparency": 3}
    elif kind == "jpeg":
        picture = Image.fromarray(smooth(width, height, random))
        options = {"quality": 90, "subsampling": 2}
    elif kind == "jpeg-full":
        picture = Image.fromarray(smooth(width, height, random))
        options = {"quality": 80, "subsampling": 0}
    elif kind == "jpeg-gray":
        picture = Image.fromarray(smooth(width, height, random)[..., 1])
        options = {"quality": 90}
    else:
        raise ValueError(kind)
    picture.save(folder / name, **options)
    return name
