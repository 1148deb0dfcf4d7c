"""Small Parquet files by the writers that people use, and what each value is, as those libraries show it.

    pip install pyarrow pandas polars duckdb datasets pillow
    python make_tables.py ../resources/tables

Every column becomes a list of texts in expected.json; null is null, bytes are {"base64": ...}, a struct or map is an object,
a list is a list. Texts of numbers, dates and times are those of Python's str and repr, with NumPy's digits of float32,
and DuckDB's cast to VARCHAR where Python has no type (times of nanoseconds).
"""
import base64
import datetime
import decimal
import gzip
import io
import json
import math
import pathlib
import shutil
import sys
import uuid

import datasets
import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
from PIL import Image

OUT = pathlib.Path(sys.argv[1])
EXPECTED = {}


def shown(value, type_=None):
    """A value's text."""
    if value is None or isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, (bytes, bytearray)):
        return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        inner = type_.value_type if type_ is not None and hasattr(type_, "value_type") else None
        return [shown(v, inner) for v in value]
    if isinstance(value, dict):
        return {k: shown(v, type_.field(k).type if isinstance(type_, pa.StructType) else None) for k, v in value.items()}
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, float):
        return narrow(np.float32(value)) if type_ == pa.float32() else repr(value)
    return str(value)


def narrow(x):
    """NumPy's digits of a float32, with an exponent where Python's float has one."""
    if x == 0 or not np.isfinite(x) or 1e-4 <= abs(x) < 1e16:
        return np.format_float_positional(x, unique=True, trim="0") if np.isfinite(x) else str(x)
    return np.format_float_scientific(x, unique=True, trim="-", exp_digits=2)


def expect(name, columns):
    EXPECTED[name] = columns


def from_arrow(name, but=()):
    """Expects what pyarrow reads from the file that it was asked to look at."""
    table = pq.read_table(OUT / name)
    expect(name, {c: [shown(v, table.schema.field(c).type) for v in table.column(c).to_pylist()]
                  for c in table.column_names if c not in but})


def from_duckdb(name, columns):
    """Adds what DuckDB shows of columns for which Python has no type."""
    for column in columns:
        rows = duckdb.sql(f"select {column}::varchar from '{OUT / name}'").fetchall()
        EXPECTED[name][column] = [row[0] for row in rows]


def png(size):
    file = io.BytesIO()
    image = Image.new("RGB", (size, size))
    image.putdata([(7 * i % 256, 13 * i % 256, 29 * i % 256) for i in range(size * size)])
    image.save(file, "PNG")
    return file.getvalue()


def pyarrow_types():
    n = 4
    f64 = [12500000.0, 0.0005, -0.0, None]
    stamp = datetime.datetime(2026, 1, 31, 12, 30, 15, 123000)
    micro = datetime.datetime(1969, 12, 31, 23, 59, 59, 999999)
    whole = datetime.datetime(2026, 1, 31, 12, 30)
    columns = {
        "u8": pa.array([0, 200, 255, None], pa.uint8()),
        "u16": pa.array([0, 40000, 65535, None], pa.uint16()),
        "u32": pa.array([0, 3_000_000_000, 2**32 - 1, None], pa.uint32()),
        "u64": pa.array([0, 2**63 + 5, 2**64 - 1, None], pa.uint64()),
        "i8": pa.array([-128, 127, -1, None], pa.int8()),
        "i16": pa.array([-32768, 32767, -1, None], pa.int16()),
        "i32": pa.array([-2**31, 2**31 - 1, -1, None], pa.int32()),
        "i64": pa.array([-2**63, 2**63 - 1, -1, None], pa.int64()),
        "f32": pa.array([0.1, 123456789.0, 1e-5, None], pa.float32()),
        "f64": pa.array(f64),
        "flag": pa.array([True, False, True, None]),
        "nothing": pa.nulls(n),
        "date": pa.array([datetime.date(2026, 1, 31), datetime.date(1, 1, 1), datetime.date(1969, 12, 31), None]),
        "time_ms": pa.array([datetime.time(1, 2, 3), datetime.time(23, 59, 59, 999000), datetime.time(0), None],
                            pa.time32("ms")),
        "time_us": pa.array([datetime.time(1, 2, 3, 4), datetime.time(23, 59, 59), datetime.time(0), None],
                            pa.time64("us")),
        "stamp_ms": pa.array([stamp, whole, datetime.datetime(1960, 2, 29), None], pa.timestamp("ms")),
        "stamp_us": pa.array([micro, whole, stamp, None], pa.timestamp("us")),
        "stamp_ns": pa.array([1_700_000_000_123_456_789, 1_700_000_000_123_456_000, -1, None], pa.timestamp("ns")),
        "stamp_utc": pa.array([micro, whole, stamp, None], pa.timestamp("us", "UTC")),
        "dictionary": pa.array(["red", "blue", "red", None]).dictionary_encode(),
        "large": pa.array(["größe", "", "null", None], pa.large_string()),
        "view": pa.array(["short", "a text that is longer than twelve bytes", "", None], pa.string_view()),
        "uuid": pa.array([uuid.UUID(int=2**127 + 1).bytes, uuid.UUID(int=5).bytes, uuid.UUID(int=0).bytes, None],
                         pa.uuid()),
        "json": pa.array(['{"a": 1.0}', "[]", "null", None], pa.json_()),
        "bytes": pa.array([b"\x00\xff", b"", b"abc", None]),
        "large_bytes": pa.array([b"\x00\xff", b"", b"abc", None], pa.large_binary()),
        "fixed_bytes": pa.array([b"ab", b"cd", b"ef", None], pa.binary(2)),
        "list": pa.array([["a", None], [], None, ["b", "c"]]),
        "large_list": pa.array([["a", None], [], None, ["b", "c"]], pa.large_list(pa.large_string())),
        "fixed_list": pa.array([["a", "b"], ["c", None], ["d", "e"], None], pa.list_(pa.string(), 2)),
        "lists": pa.array([[["a"], None, []], [], None, [["b", None]]]),
        "struct": pa.array([{"bytes": b"x", "path": "p"}, {"bytes": None, "path": "q"}, None, {"bytes": b"", "path": None}],
                           pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        "structs": pa.array([[{"a": 1}], [], None, [None, {"a": None}]]),
        "map": pa.array([[("k", 1), ("l", None)], [], None, [("m", 2)]], pa.map_(pa.string(), pa.int64())),
        "dec_fixed": pa.array([decimal.Decimal("0.00000010"), decimal.Decimal("-12345678901234567890.12345678"),
                               decimal.Decimal("100.00000000"), None], pa.decimal128(38, 8)),
    }
    maps = [dict(m) if m is not None else None for m in columns["map"].to_pylist()]
    table = pa.table(columns)
    pq.write_table(table, OUT / "pyarrow.parquet")
    from_arrow("pyarrow.parquet")
    EXPECTED["pyarrow.parquet"]["map"] = [shown(m) for m in maps]

    times = pa.table({"time_ns": pa.array([1, 3_723_000_000_004, 86_399_999_999_999, None], pa.time64("ns"))})
    pq.write_table(times, OUT / "time-nanos.parquet")
    expect("time-nanos.parquet", {})
    from_duckdb("time-nanos.parquet", ["time_ns"])

    pq.write_table(pa.table({"stamp": columns["stamp_ns"]}), OUT / "int96.parquet", use_deprecated_int96_timestamps=True)
    from_arrow("int96.parquet")

    decimals = pa.table({
        "dec9": pa.array([decimal.Decimal("12.50"), decimal.Decimal("-0.01"), None], pa.decimal128(9, 2)),
        "dec18": pa.array([decimal.Decimal("0.000000000001"), decimal.Decimal("123456.500000000000"), None],
                          pa.decimal128(18, 12)),
        "dec38": pa.array([decimal.Decimal(10)**37, decimal.Decimal(-1), None], pa.decimal128(38, 0)),
        "dec60": pa.array([decimal.Decimal("1e-20"), decimal.Decimal(-1), None], pa.decimal256(60, 20))})
    pq.write_table(decimals, OUT / "decimals-as-integers.parquet", store_decimal_as_integer=True)
    from_arrow("decimals-as-integers.parquet")

    pq.write_table(table.select(["list", "lists", "structs", "struct"]), OUT / "lists-item.parquet",
                   use_compliant_nested_type=False)
    from_arrow("lists-item.parquet")

    # Texts without Arrow's own schema beside Parquet's, as other writers leave it out.
    pq.write_table(table.drop_columns(["large", "view", "nothing"]), OUT / "no-arrow-schema.parquet", store_schema=False)
    EXPECTED["no-arrow-schema.parquet"] = {
        c: v for c, v in EXPECTED["pyarrow.parquet"].items() if c not in ("large", "view", "nothing")}


def numbers():
    """Doubles and floats whose shortest texts are hard to find, as Python and NumPy show them."""
    random = np.random.default_rng(7)
    doubles = [1e16, 9999999999999998.0, 1e15, 1e-4, 9.999e-5, 1e-5, 5e-324, 1.7976931348623157e308, 2.2250738585072014e-308,
               1e23, 9007199254740993.0, 2.0**-44, 2.0**70, 0.1 + 0.2, 1 / 3, 1e22, 1e21, 123456789012345680.0, 4.35, 100.0,
               2e-3, 9.5367431640625e-07, 1.1754943508222875e-38, -1e-7, -2.5e10, math.inf, -math.inf, math.nan, 0.0, -0.0]
    doubles += [float(x) for x in random.integers(0, 2**63, 200, dtype=np.int64).view(np.float64) if math.isfinite(x)]
    doubles += [float(2.0**e) for e in range(-1074, 1024, 37)]
    floats = [np.float32(x) for x in (1e16, 1e15, 16777216, 33554432, 0.1, 1e-4, 1e-5, 3.4028235e38, 1e-45, 1.17549435e-38,
                                      8.5899346e9, 123456789, 0.3, -0.0, math.inf, math.nan, 2.0**-44, 5e-44)]
    floats += [x for x in random.integers(0, 2**31, 200, dtype=np.int32).view(np.float32) if math.isfinite(x)]
    floats += [np.float32(2.0**e) for e in range(-149, 128, 7)]
    pq.write_table(pa.table({"f64": pa.array(doubles, from_pandas=False)}), OUT / "doubles.parquet")
    pq.write_table(pa.table({"f32": pa.array(floats, pa.float32(), from_pandas=False)}), OUT / "floats.parquet")
    expect("doubles.parquet", {"f64": [None if math.isnan(x) else repr(x) for x in doubles]})
    expect("floats.parquet", {"f32": [None if math.isnan(x) else narrow(x) for x in floats]})


def younger_types():
    """Types younger than Parquet's own library: halves as pyarrow shows them; others are not in the way."""
    halves = [np.float16(x) for x in (0.1, 65504, -0.0, 2.0, 6e-8, math.inf, math.nan)] + [None]
    texts = list("abcdefgh")
    inner = pa.struct([("f16", pa.float16()), ("two", pa.binary(2))])
    table = pa.table({"question": texts, "f16": pa.array(halves, pa.float16(), from_pandas=False),
                      "halves": pa.array([halves[:2]] + [None] * 7, pa.list_(pa.float16())),
                      "inner": pa.array([{"f16": halves[1], "two": b"ab"}] + [None] * 7, inner),
                      "two": pa.array([b"xy"] * 8, pa.binary(2))})
    pq.write_table(table, OUT / "halves.parquet", row_group_size=3)
    from_arrow("halves.parquet")
    pl.DataFrame({"question": ["a", "b", "c"], "f16": pl.Series([0.5, 0.1, None], dtype=pl.Float16)}).write_parquet(
        OUT / "halves-polars.parquet")
    from_arrow("halves-polars.parquet")
    duckdb.sql(f"""copy (select 'a' as question, '{{"a": 1}}'::variant as v) to '{OUT / "variant.parquet"}'""")
    expect("variant.parquet", {"question": ["a"]})


def encodings():
    table = pa.table({
        "text": ["one", "one and more", "two", None], "i64": pa.array([1, 2**40, -5, None]),
        "i32": pa.array([1, 2, -5, None], pa.int32()), "f64": pa.array([0.5, -2.25, 1e300, None]),
        "f32": pa.array([0.5, 0.1, 3, None], pa.float32()), "flag": pa.array([True, True, False, None]),
        "list": pa.array([["a", None], [], None, ["b"]])})
    pq.write_table(table, OUT / "encodings-delta.parquet", use_dictionary=False, data_page_version="2.0", version="2.6",
                   column_encoding={"text": "DELTA_BYTE_ARRAY", "i64": "DELTA_BINARY_PACKED", "i32": "DELTA_BINARY_PACKED",
                                    "f64": "BYTE_STREAM_SPLIT", "f32": "BYTE_STREAM_SPLIT", "flag": "RLE",
                                    "list.list.element": "DELTA_LENGTH_BYTE_ARRAY"})
    from_arrow("encodings-delta.parquet")
    for codec in ("none", "snappy", "gzip", "zstd", "lz4", "brotli"):
        name = f"codec-{codec}.parquet"
        pq.write_table(table, OUT / name, compression=codec, data_page_version="2.0" if codec == "zstd" else "1.0")
        if codec != "brotli":
            from_arrow(name)
    pq.write_table(table.select(["text", "i64"]), OUT / "refused-split-integers.parquet", use_dictionary=False,
                   column_encoding={"text": "PLAIN", "i64": "BYTE_STREAM_SPLIT"})
    shutil.move(OUT / "codec-brotli.parquet", OUT / "refused-brotli.parquet")


def duckdb_types():
    duckdb.sql("create type colour as enum ('red', 'blue')")
    duckdb.sql("""create table kinds(u8 utinyint, u16 usmallint, u32 uinteger, u64 ubigint, i8 tinyint, dec4 decimal(4, 1),
        dec12 decimal(12, 8), dec38 decimal(38, 20), f32 float, f64 double, colour colour, uuid uuid, date date, time time,
        stamp timestamp, stamp_ms timestamp_ms, stamp_ns timestamp_ns, list varchar[], struct struct(bytes blob, path varchar),
        flag boolean, blob blob)""")
    duckdb.sql("""insert into kinds values (255, 65535, 4294967295, 18446744073709551615, -128, 12.5, 0.0000001, 1.25, 0.1,
        12500000.0, 'red', 'b2f0e4d8-1234-4abc-8def-0123456789ab', '2026-01-31', '01:02:03.000004', '2026-01-31 12:30:00.5',
        '2026-01-31 12:30:00.5', '2026-01-31 12:30:00.123456789', ['a', null], {'bytes': 'x'::blob, 'path': null}, true,
        '\\xAA'::blob), (0, 0, 0, 9223372036854775813, 127, -0.1, 1234.5, 0, 1e-5, 0.0005, null, null, null, null, null, null,
        null, [], null, false, null)""")
    duckdb.sql(f"copy kinds to '{OUT / 'duckdb.parquet'}' (format parquet, compression zstd)")
    from_arrow("duckdb.parquet")
    duckdb.sql(f"""copy (select hash(i) as id, i::double / 7 as f64, 'q' || i as question, [i, null] as list
        from range(50) t(i)) to '{OUT / "duckdb-v2.parquet"}' (format parquet, parquet_version v2, compression lz4_raw)""")
    from_arrow("duckdb-v2.parquet")


def far_times():
    """Days and times for which Python has no text, as DuckDB shows them."""
    times = ["infinity", "-infinity", "20000-01-02 01:02:03", "0044-03-15 (BC) 10:00:00", "0999-12-31 00:00:00"]
    rows = ", ".join(f"('{t}'::timestamp)" for t in times)
    duckdb.sql(f"""copy (select t::date as date, t as stamp, if(isfinite(t), null, t::timestamptz) as utc
        from (values {rows}) v(t)) to '{OUT / "far-times.parquet"}'""")
    expect("far-times.parquet", {})
    from_duckdb("far-times.parquet", ["date", "stamp", "utc"])


def polars_types():
    df = pl.DataFrame({"q": ["d?", "e?", None]}).with_columns(
        id=pl.col("q").hash(seed=1), u8=pl.Series([1, 255, None], dtype=pl.UInt8),
        u32=pl.Series([1, 2**32 - 1, None], dtype=pl.UInt32), f32=pl.Series([0.1, math.nan, None], dtype=pl.Float32),
        category=pl.Series(["a", "b", None], dtype=pl.Categorical), colour=pl.Series(["x", "y", None], dtype=pl.Enum(["x", "y"])),
        number=pl.Series([decimal.Decimal("1.50"), decimal.Decimal("-2.00"), None], dtype=pl.Decimal(10, 2)),
        date=pl.Series([datetime.date(2026, 1, 31), None, None]), time=pl.Series([datetime.time(1, 2, 3), None, None]),
        stamp=pl.Series([datetime.datetime(2026, 1, 31, 1, 2, 3, 4), None, None], dtype=pl.Datetime("us", "UTC")),
        list=pl.Series([["a", None], [], None], dtype=pl.List(pl.String)),
        array=pl.Series([["a", "b"], ["c", None], None], dtype=pl.Array(pl.String, 2)),
        blob=pl.Series([b"x", b"", None]),
        struct=pl.Series([{"bytes": b"x", "path": "p"}, {"bytes": None, "path": None}, None]))
    df.write_parquet(OUT / "polars.parquet")
    # Arrow's time of nanoseconds cuts what Python cannot hold; these have none.
    from_arrow("polars.parquet")


def pandas_types():
    df = pd.DataFrame({"gaps": [4, 12000000, None], "answer": [0.5, math.nan, 2.0], "text": ["a", None, ""],
                       "whole": pd.array([1, None, 3], "Int64"), "category": pd.Categorical(["x", None, "y"]),
                       "when": pd.to_datetime(["2026-01-31 10:00", None, "2026-01-31 10:00:00.000000001"], format="ISO8601")})
    df.to_parquet(OUT / "pandas.parquet")
    from_arrow("pandas.parquet")


def hugging_face():
    features = datasets.Features({
        "image": datasets.Image(), "question": datasets.Value("large_string"), "label": datasets.ClassLabel(names=["no", "yes"]),
        "choices": datasets.List(datasets.Value("string")), "id": datasets.Value("uint64"),
        "images": datasets.List(datasets.Image())})
    pictures = [Image.open(io.BytesIO(png(size))) for size in (3, 4)]
    rows = datasets.Dataset.from_dict({
        "image": [pictures[0], None], "question": ["a?", "b?"], "label": [1, 0],
        "choices": [["no", "yes"], ["no", "yes", None]], "id": [2**40, 1],
        "images": [pictures, []]}, features=features)
    rows.to_parquet(OUT / "datasets.parquet")
    from_arrow("datasets.parquet")


def no_tables():
    table = pa.table({"question": ["a", "b"], "answer": ["c", "d"]})
    pq.write_table(pa.table([pa.array(["a"])] * 3, ["question", "answer", "answer"]), OUT / "refused-name-twice.parquet")
    feather.write_feather(table, OUT / "refused-feather.parquet")
    (OUT / "refused-csv.parquet").write_text("question,answer\na,b\n")
    (OUT / "refused-json.parquet").write_text('{"question": "a", "answer": "b"}\n')
    (OUT / "refused-lfs.parquet").write_text(
        "version https://git-lfs.github.com/spec/v1\noid sha256:" + 64 * "0" + "\nsize 12345\n")
    (OUT / "refused-empty.parquet").write_text("")
    (OUT / "refused-gzip.parquet").write_bytes(gzip.compress((OUT / "codec-none.parquet").read_bytes(), mtime=0))
    duckdb.sql("set force_mbedtls_unsafe = 'true'")  # it need not be safe
    duckdb.sql("pragma add_parquet_key('k', '0123456789112345')")
    duckdb.sql(f"copy (select 'a' as question) to '{OUT / 'refused-encrypted.parquet'}' "
               "(encryption_config {footer_key: 'k'})")

    class Kms(pe.KmsClient):
        """Wraps keys in nothing: these files are to be refused, not to be safe."""

        def __init__(self, config):
            super().__init__()

        def wrap_key(self, key, name):
            return base64.b64encode(key)

        def unwrap_key(self, key, name):
            return base64.b64decode(key)

    config = pe.EncryptionConfiguration(footer_key="f", column_keys={"c": ["answer"]}, plaintext_footer=True)
    made = pe.CryptoFactory(lambda c: Kms(c)).file_encryption_properties(pe.KmsConnectionConfig(), config)
    with pq.ParquetWriter(OUT / "refused-encrypted-column.parquet", table.schema, encryption_properties=made) as writer:
        writer.write_table(table)


OUT.mkdir(parents=True, exist_ok=True)
for old in OUT.iterdir():
    old.unlink()
for part in (pyarrow_types, numbers, younger_types, encodings, duckdb_types, far_times, polars_types, pandas_types, hugging_face, no_tables):
    part()
(OUT / "expected.json").write_text(json.dumps(EXPECTED, indent=1, ensure_ascii=False) + "\n")
