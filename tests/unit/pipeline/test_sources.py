"""Each format, read whole; each way of being wrong, named with file and line."""

import json
import os
import threading
import time
from contextlib import closing

import numpy as np
import pytest

from toposcope.exceptions import ToposcopeWarning
from toposcope.pipeline.sources import FORMATS, open_source
from toposcope.pipeline.sources import lines as lines_module


def read_all(path, size=2, **arguments):
    with closing(open_source(path, **arguments)) as source:
        batches = list(source.batches(size, linger=1.0))
        assert all(1 <= len(batch.items) <= size for batch in batches)
        items = [item for batch in batches for item in batch.items]
        if source.kind == "text":
            assert all(batch.vectors is None for batch in batches)
            return items, None
        assert source.progress() == 1.0
        return items, np.concatenate([batch.vectors for batch in batches])


def write(tmp_path, name, content):
    path = tmp_path / name
    if isinstance(content, str):
        content = content.encode()
    path.write_bytes(content)
    return path


def test_text_is_an_item_per_line(tmp_path):
    path = write(tmp_path, "a.txt", b"\xef\xbb\xbfone\r\n\n  two words \n\xc3\xbcmlaut without an end")
    assert read_all(path) == (["one", "two words", "ümlaut without an end"], None)


def test_batches_are_of_the_size_asked_for(tmp_path):
    path = write(tmp_path, "a.txt", "\n".join(map(str, range(7))))
    with closing(open_source(path)) as source:
        batches = [batch.items for batch in source.batches(3, linger=0.0)]
    assert batches == [["0", "1", "2"], ["3", "4", "5"], ["6"]]


def test_progress_is_the_share_of_bytes(tmp_path):
    with closing(open_source(write(tmp_path, "a.txt", "x\n" * 50_000))) as source:
        shares = [source.progress() for _ in source.batches(5000, linger=0.0)]
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] == 1.0


@pytest.mark.parametrize("field", ["vector", "embedding"])
def test_json_lines_of_vectors(tmp_path, field):
    rows = [{field: [1, 2.5]}, {field: [3, 4], "text": "named"}]
    path = write(tmp_path, "a.jsonl", "\n".join(map(json.dumps, rows)) + "\n\n")
    items, vectors = read_all(path)
    assert items == ["line 1", "named"]
    np.testing.assert_array_equal(vectors, [[1, 2.5], [3, 4]])


def test_json_lines_of_text(tmp_path):
    path = write(tmp_path, "a.ndjson", '{"text": "one", "id": 3}\n{"text": "two"}')
    assert read_all(path) == (["one", "two"], None)


def test_json_lines_by_a_named_field(tmp_path):
    path = write(tmp_path, "a.jsonl", '{"body": "one", "text": "no"}\n{"body": "two"}')
    assert read_all(path, columns=["body"]) == (["one", "two"], None)


@pytest.mark.parametrize("header", ["x,y,kind\n", ""])
def test_csv_of_numbers(tmp_path, header):
    rows = "1,2.5,a\n\n-3e1,4,b\n" if header else "1,2.5\n-3e1,4\n"
    items, vectors = read_all(write(tmp_path, "a.csv", header + rows))
    assert items == (["row 1: a", "row 2: b"] if header else ["row 1", "row 2"])
    np.testing.assert_array_equal(vectors, [[1, 2.5], [-30, 4]])


@pytest.mark.parametrize("between", [",", ", ", ";", "\t", " ", "   "])
def test_cells_may_be_separated_in_several_ways(tmp_path, between):
    path = write(tmp_path, "a.csv", f"\n1{between}2.5\n-3{between}4\n")
    np.testing.assert_array_equal(read_all(path)[1], [[1, 2.5], [-3, 4]])


def test_blanks_separate_numbers_only(tmp_path):
    assert read_all(write(tmp_path, "a.csv", "a name\none two\n"))[0] == ["one two"]


@pytest.mark.parametrize("line", ["1 2.5", "1,2", "0.5\t1e-3"])
def test_numbers_in_a_text_file_are_read_as_text_with_a_warning(tmp_path, line):
    path = write(tmp_path, "a.txt", f"\n{line}\n3 4\n")
    with pytest.warns(ToposcopeWarning, match="a.txt, line 2: the line is read as text, though it looks like numbers"):
        assert read_all(path)[0] == [line, "3 4"]


def test_numbers_separated_by_blanks_can_be_read_as_csv(tmp_path):
    path = write(tmp_path, "a.txt", "\n1 2.5\n3 4\n")
    np.testing.assert_array_equal(read_all(path, file_format="csv")[1], [[1, 2.5], [3, 4]])


def test_csv_of_named_columns(tmp_path):
    path = write(tmp_path, "a.csv", "x,y,z\n1,2,3\n4,5,6\n")
    np.testing.assert_array_equal(read_all(path, columns=["z", "x"])[1], [[3, 1], [6, 4]])


@pytest.mark.parametrize("content", ['id,text\n1,"one, two"\n2,"three\nfour"\n', 'text\n"one, two"\n"three\nfour"\n'])
def test_csv_with_a_column_of_text(tmp_path, content):
    assert read_all(write(tmp_path, "a.csv", content)) == (["one, two", "three\nfour"], None)


@pytest.mark.parametrize("dtype", ["float32", ">f8", "int16"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy(tmp_path, dtype, order):
    array = np.asarray(np.arange(10).reshape(5, 2), dtype=dtype, order=order)
    np.save(tmp_path / "a.npy", array)
    items, vectors = read_all(tmp_path / "a.npy")
    assert items == [f"row {i}" for i in range(1, 6)]
    assert vectors.dtype == np.float64
    np.testing.assert_array_equal(vectors, array)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"x": [1, 2, 3], "y": [0.5, 1.5, 2.5], "name": ["a", "b", "c"]}, [[1, 0.5], [2, 1.5], [3, 2.5]]),
        ({"id": [7, 8, 9], "vector": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]}, [[1, 2], [3, 4], [5, 6]]),
        ({"text": ["a", "b", "c"], "embedding": [[1], [2], [3]]}, [[1], [2], [3]]),
    ],
)
def test_parquet_of_vectors(tmp_path, table, expected):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.table(table), tmp_path / "a.parquet")
    items, vectors = read_all(tmp_path / "a.parquet")
    assert items == ["row 1", "row 2", "row 3"]
    np.testing.assert_array_equal(vectors, expected)


def test_parquet_of_text(tmp_path):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.table({"id": [1, 2], "text": ["one", "two"]}), tmp_path / "a.parquet")
    assert read_all(tmp_path / "a.parquet") == (["one", "two"], None)
    np.testing.assert_array_equal(read_all(tmp_path / "a.parquet", columns=["id"])[1], [[1], [2]])


def test_silence_does_not_count_as_lines():
    reader, writer = os.pipe()

    def write_slowly():
        os.write(writer, b'{"text": "one"}\n')
        time.sleep(0.5)
        os.write(writer, b"[]\n")
        os.close(writer)

    threading.Thread(target=write_slowly).start()
    source = open_source("-", file_format="jsonl", descriptor=reader)
    with pytest.raises(ValueError, match="standard input, line 2: expected a JSON object"):
        list(source.batches(10, linger=0.0))
    os.close(reader)


def test_standard_input_is_read_as_it_comes():
    reader, writer = os.pipe()

    def write_slowly():
        os.write(writer, b"one\ntw")
        time.sleep(0.4)
        os.write(writer, b"o\nthree\nfour")
        os.close(writer)

    threading.Thread(target=write_slowly).start()
    source = open_source("-", descriptor=reader)
    assert source.progress() is None
    batches = [batch.items for batch in source.batches(2, linger=0.05)]
    os.close(reader)
    assert batches == [["one"], ["two", "three"], ["four"]]  # silence cut the first one


@pytest.mark.parametrize(("file_format", "content"), [("jsonl", b'{"vector": [1, 2]}\n'), ("csv", b"x,y\n1,2\n")])
def test_standard_input_in_other_formats(file_format, content):
    reader, writer = os.pipe()
    os.write(writer, content)
    os.close(writer)
    source = open_source("-", file_format=file_format, descriptor=reader)
    (batch,) = source.batches(10, linger=1.0)
    os.close(reader)
    np.testing.assert_array_equal(batch.vectors, [[1, 2]])


PARQUET_MAGIC = b"PAR1" + b"\x00" * 20 + b"PAR1"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", "", "a.txt: expected at least one record, got an empty source"),
        ("a.txt", "\n \n", "a.txt: expected at least one record"),
        ("a.txt", b"good\nb\xff\n", "a.txt, line 2: expected UTF-8 text, got byte 0xff at column 2"),
        ("a.txt", b"x" * 101, "a.txt: expected lines of text, got one of more than 100 bytes"),
        ("a.md", "x", "a.md: expected one of the formats txt, jsonl, csv, npy, parquet, got .md"),
        ("noending", "x", "noending: expected one of the formats .* got none"),
        ("a.jsonl", '{"text": "a"}\n{"text": ', "a.jsonl, line 2: expected a JSON object, got .* at column"),
        ("a.jsonl", "[1, 2]", r"a.jsonl, line 1: expected a JSON object, got \[1, 2\]"),
        ("a.jsonl", '{"body": 1}', "a.jsonl, line 1: expected a field text, vector or embedding, got the fields body"),
        ("a.jsonl", "{}", r"got the fields \(none\)"),
        ("a.jsonl", '{"text": "a"}\n{"text": 3}', "a.jsonl, line 2: expected text in the field text, got 3"),
        ("a.jsonl", '{"text": "a"}\n{"vector": [3]}', "a.jsonl, line 2: expected a field text"),
        ("a.jsonl", '{"vector": [1, "2"]}', r"a.jsonl, line 1: expected a list of numbers, got \[1, '2'\]"),
        ("a.jsonl", '{"vector": []}', "line 1: expected a list of numbers"),
        ("a.jsonl", '{"vector": null}', "line 1: expected a list of numbers, got None"),
        ("a.jsonl", '{"vector": [true]}', "line 1: expected a list of numbers"),
        ("a.jsonl", '{"vector": [1, NaN]}', "line 1: expected finite numbers"),
        ("a.jsonl", '{"vector": [1, 2]}\n{"vector": [1]}', "line 2: expected 2 numbers as in the first record, got 1"),
        ("a.jsonl", '{"text": "\\ud800"}', "line 1: expected whole characters, got half of a surrogate pair"),
        ("a.jsonl", '{"vector": [1], "text": "\\ud800"}', "line 1: expected whole characters"),
        ("a.jsonl", "[" * 60, "line 1: expected a JSON object"),
        ("a.csv", "", "a.csv: expected at least one record"),
        ("a.csv", "x,y\n", "a.csv: expected rows below the header, got none"),
        ("a.csv", "x,y\n1,2\n3\n", "a.csv, line 3: expected 2 cells, got 1"),
        ("a.csv", "x,y\n1,2\n3,four\n", "a.csv, line 3: expected a number in y, got 'four'"),
        ("a.csv", "x,y\n1,2\n3,inf\n", "a.csv, line 3: expected finite numbers"),
        ("a.csv", "a,b\nc,d\n", "a.csv: expected columns of numbers or a column named text, got a, b"),
        ("a.csv", "1,2\n3,\x00\n", "a.csv"),
        ("a.npy", b"not an array", "a.npy: expected a .npy file of numbers"),
        ("a.npy", b"", "a.npy: expected a .npy file of numbers"),
        ("a.parquet", b"not parquet", "a.parquet: expected a .parquet file"),
        ("a.parquet", PARQUET_MAGIC, "a.parquet: expected a .parquet file"),
    ],
)
def test_damage_is_named_with_file_and_line(tmp_path, monkeypatch, name, content, message):
    monkeypatch.setattr(lines_module, "LONGEST_LINE", 100)
    with pytest.raises(ValueError, match=message):
        read_all(write(tmp_path, name, content))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(3), r"expected numbers of shape \(n_points, n_dims\), got dtype float64, shape \(3,\)"),
        (np.zeros((0, 3)), r"expected at least one row, got shape \(0, 3\)"),
        (np.array([["a"]]), "got dtype <U1"),
        (np.zeros((2, 2), complex), "got dtype complex128"),
        (np.array([[1.0, 2.0], [3.0, np.nan]]), "row 2: expected finite numbers, got nan in column 2"),
    ],
)
def test_arrays_that_are_no_points(tmp_path, array, message):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(ValueError, match=message):
        read_all(tmp_path / "a.npy")


def test_pickles_are_never_loaded(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[{}]], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match=r"a.npy: expected a .npy file of numbers, got .*Python objects"):
        read_all(tmp_path / "a.npy")


@pytest.mark.parametrize(
    ("table", "columns", "message"),
    [
        ({"name": ["a"], "other": ["b"]}, (), r"expected columns of numbers.*got name \(string\), other \(string\)"),
        ({"x": [1, None]}, (), "row 2: expected a number in x, got null"),
        ({"text": ["a", None]}, (), "row 2: expected text in text, got null"),
        ({"vector": [[1.0, 2.0], [3.0]]}, (), "row 2: expected 2 numbers in vector"),
        ({"vector": [[1.0, 2.0], None]}, (), "row 2: expected 2 numbers in vector"),
        ({"x": [1.0, float("inf")]}, (), "row 2: expected finite numbers, got inf"),
        ({"x": [1], "y": [2]}, ("z",), "expected columns out of x, y, got z"),
        ({"x": [1], "text": ["a"]}, ("x", "text"), "expected columns of numbers"),
    ],
)
def test_tables_that_are_no_points(tmp_path, table, columns, message):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.table(table), tmp_path / "a.parquet")
    with pytest.raises(ValueError, match=message):
        read_all(tmp_path / "a.parquet", columns=columns)


@pytest.mark.parametrize(
    ("name", "content", "columns", "message"),
    [
        ("a.csv", "x,y\n1,2\n", ["z"], "expected columns out of x, y, got z"),
        ("a.txt", "one", ["z"], "lines of text have no columns"),
        ("a.jsonl", '{"a": [1]}', ["a", "b"], "expected one field of JSON lines, got a, b"),
        ("a.jsonl", '{"a": [1]}', ["b"], "expected a field b, got the fields a"),
    ],
)
def test_columns_that_are_not_there(tmp_path, name, content, columns, message):
    with pytest.raises(ValueError, match=message):
        read_all(write(tmp_path, name, content), columns=columns)


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_missing_file_is_said_as_such(tmp_path, file_format):
    with pytest.raises(FileNotFoundError, match=f"missing.{file_format}"):
        open_source(tmp_path / f"missing.{file_format}")


def test_standard_input_has_no_arrays():
    with pytest.raises(ValueError, match="standard input: expected one of the formats txt, jsonl, csv, got npy"):
        open_source("-", file_format="npy")
