"""Parquet files that people give to predict and as client catalogues, by the writers that they use.

    pip install pyarrow pandas polars datasets pillow
    python make_inputs.py ../resources/inputs

expected.json holds, by file, the rows as pyarrow reads them back: ids and texts as text, pictures as the SHA-256 of their
bytes, choices without the nulls that fill up a list. Files named refused-… are not answered, for the reason in the test.
"""
import hashlib
import io
import json
import pathlib
import sys

import datasets
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

OUT = pathlib.Path(sys.argv[1])
EXPECTED = {}
ASKED = ["What color is the square?", "How many shapes are there?"]


def png(colour):
    file = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(file, "PNG")
    return file.getvalue()


RED, BLUE = png((200, 30, 30)), png((30, 30, 200))
PICTURE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def pictures(value):
    if value is None:
        return []
    if isinstance(value, list):
        return [p for v in value for p in pictures(v)]
    value = value["bytes"] if isinstance(value, dict) else value
    return [] if value is None else [hashlib.sha256(value).hexdigest()]


def keep(name):
    """Freezes what pyarrow reads."""
    rows = []
    for row in pq.read_table(OUT / name).to_pylist():
        choices = row.get("choices") or []
        while choices and choices[-1] is None:
            choices.pop()
        rows.append({"sample_id": str(row["sample_id"]), "question": row["question"], "context": row.get("context") or "",
                     "choices": [str(c) for c in choices], "image": pictures(row.get("image"))})
    EXPECTED[name] = rows


def write(name, options=None, **columns):
    pq.write_table(pa.table(columns), OUT / (name + ".parquet"), **(options or {}))
    if not name.startswith(("refused", "catalogue")):
        keep(name + ".parquet")


def asked():
    write("plain", sample_id=["a", "b"], question=ASKED, image=[RED, None])
    write("int-ids", sample_id=pa.array([1, 2], pa.int64()), question=ASKED, image=[RED, BLUE])
    write("uint64-ids", sample_id=pa.array([1, 2**64 - 1], pa.uint64()), question=ASKED, image=[RED, BLUE])
    write("float-ids", sample_id=[1.0, 12500000.0], question=ASKED)
    write("structs", sample_id=["a", "b"], question=ASKED,
          image=pa.array([{"bytes": RED, "path": "x.png"}, {"bytes": None, "path": None}], PICTURE))
    write("several", sample_id=["a", "b"], question=ASKED,
          image=pa.array([[{"bytes": RED, "path": "x.png"}, {"bytes": BLUE, "path": None}], None], pa.list_(PICTURE)))
    write("large-dictionary", sample_id=pa.array(["a", "b"]).dictionary_encode(),
          question=pa.array(ASKED, pa.large_string()), image=pa.array([RED, BLUE], pa.large_binary()),
          choices=pa.array([["red", "blue"], None], pa.large_list(pa.large_string())))
    write("views", sample_id=["a", "b"], question=pa.array(ASKED, pa.string_view()), context=[None, "Look."])
    write("padded-choices", sample_id=["a", "b"], question=ASKED, choices=[["red", "blue", None, None], []])
    write("number-choices", sample_id=["a"], question=ASKED[:1], choices=pa.array([[1, 3_000_000_000]], pa.list_(pa.uint32())))
    write("pages-of-version-2", {"data_page_version": "2.0", "use_dictionary": False, "compression": "zstd",
                                 "column_encoding": {"sample_id": "DELTA_BINARY_PACKED", "question": "DELTA_BYTE_ARRAY"}},
          sample_id=[7, 8], question=ASKED)
    write("other-columns", sample_id=["a", "b"], question=ASKED, answer=[1, 2], answer_index=["x", "y"], task=[[1], [2]],
          extra=pa.array([1, 2], pa.duration("ns")))
    write("item-lists", {"use_compliant_nested_type": False}, sample_id=["a"], question=ASKED[:1], choices=[["x", "y"]])
    write("no-rows", sample_id=pa.array([], pa.string()), question=pa.array([], pa.string()))

    pl.DataFrame({"sample_id": pl.Series([1, 2], dtype=pl.UInt32), "question": ASKED, "image": [RED, BLUE],
                  "choices": [["red", "blue"], None]}).write_parquet(OUT / "polars.parquet")
    keep("polars.parquet")
    pd.DataFrame({"sample_id": [10, 11], "question": pd.Categorical(ASKED), "image": [RED, None],
                  "choices": [np.array(["red", "blue"], dtype=object), None]}).to_parquet(OUT / "pandas.parquet")
    keep("pandas.parquet")
    features = datasets.Features({"sample_id": datasets.Value("int32"), "question": datasets.Value("string"),
                                  "image": datasets.Image(), "choices": datasets.List(datasets.Value("string"))})
    datasets.Dataset.from_dict(
        {"sample_id": [1, 2], "question": ASKED, "image": [Image.open(io.BytesIO(RED)), None],
         "choices": [["red", "blue"], []]}, features=features).to_parquet(OUT / "datasets.parquet")
    keep("datasets.parquet")


def refused():
    write("refused-null-question", sample_id=["a", "b"], question=[ASKED[0], None])
    write("refused-null-id", sample_id=["a", None], question=ASKED)
    write("refused-null-before-choice", sample_id=["a"], question=ASKED[:1], choices=[["x", None, "z"]])
    write("refused-only-null-choices", sample_id=["a"], question=ASKED[:1], choices=pa.array([[None]], pa.list_(pa.string())))
    write("refused-path", sample_id=["a"], question=ASKED[:1], image=pa.array([{"bytes": None, "path": "x.png"}], PICTURE))
    write("refused-number-question", sample_id=["a"], question=[5])
    write("refused-list-image", sample_id=["a"], question=ASKED[:1], image=[[1, 2]])
    write("refused-bytes-question", sample_id=["a"], question=[b"a?"])
    write("refused-no-question", sample_id=["a"], prompt=["a?"])
    write("refused-brotli", {"compression": "brotli"}, sample_id=["a"], question=ASKED[:1])


def catalogues():
    columns = {"client_id": ["c001", "c002"], "uri": ["/data/one", "/data/two"],
               "hadoop": pa.array([[("fs.s3a.endpoint", "http://one"), ("fs.s3a.path", None)], None],
                                  pa.map_(pa.string(), pa.string())),
               "tags": [["eu", None], None], "enabled": [True, None],
               "since": pa.array([1, 2], pa.timestamp("ns")), "code": pa.array([1, 2], pa.uint64())}
    write("catalogue", **columns)
    write("catalogue-int-ids", client_id=pa.array([1, 2], pa.uint64()), uri=["/data/one", "/data/two"])
    write("catalogue-brotli", {"compression": "brotli"}, **columns)
    write("catalogue-null-uri", client_id=["c001"], uri=pa.array([None], pa.string()))
    write("catalogue-text-switch", client_id=["c001"], uri=["/a"], enabled=["on"])
    write("catalogue-text-hadoop", client_id=["c001"], uri=["/a"], hadoop=["key=hidden"])


OUT.mkdir(parents=True, exist_ok=True)
for old in OUT.iterdir():
    old.unlink()
for part in (asked, refused, catalogues):
    part()
(OUT / "expected.json").write_text(json.dumps(EXPECTED, indent=1) + "\n")
