"""Tables of records: every cell as it was, whatever happened to the file before."""

import csv
import math

import numpy as np
import pandas as pd
import pytest

from toposcope.exceptions import TelemetryWarning
from toposcope.telemetry import CsvSink
from toposcope.telemetry.schema import COLUMNS, flat

NAMES = [column.name for column in COLUMNS]


def rows(path):
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_records_come_back_as_written(tmp_path, record):
    path = tmp_path / "run.csv"
    with CsvSink(path) as sink:
        sink.write(record())
        sink.write_many([record(seq=1), record(seq=2, process=None, n_window=None)])
    assert (sink.n_written, sink.n_dropped) == (3, 0)
    frame = pd.read_csv(path)
    assert list(frame.columns) == NAMES
    assert frame["seq"].tolist() == [0, 1, 2]
    for name, value in zip(NAMES, flat(record().to_dict()), strict=True):
        assert frame[name][0] == value or (value is None and math.isnan(frame[name][0])), name
    assert frame["n_window"].isna().tolist() == [False, False, True]


def test_a_file_is_continued_under_one_header(tmp_path, record):
    path = tmp_path / "run.csv"
    for seq in range(3):
        with CsvSink(path) as sink:
            sink.write(record(seq=seq))
    assert [row[NAMES.index("seq")] for row in rows(path)] == ["seq", "0", "1", "2"]


@pytest.mark.parametrize("kept", [1, 40])
def test_a_torn_header_is_made_whole(tmp_path, record, kept):
    path = tmp_path / "run.csv"
    path.write_bytes(",".join(NAMES).encode()[:kept])
    with CsvSink(path) as sink:
        sink.write(record())
    assert [len(row) for row in rows(path)] == [len(NAMES)] * 2
    assert rows(path)[0] == NAMES


def test_a_torn_line_spoils_no_other(tmp_path, record):
    path = tmp_path / "run.csv"
    with CsvSink(path) as sink:
        sink.write(record())
    path.write_bytes(path.read_bytes()[:-30])
    with CsvSink(path) as sink:
        sink.write(record(seq=1))
    header, torn, whole = rows(path)
    assert len(torn) < len(header) == len(whole)


def test_a_file_of_something_else_is_refused(tmp_path):
    path = tmp_path / "run.csv"
    path.write_text("x,y\n1,2\n")
    with pytest.raises(ValueError, match=r"path: expected the header of this version's columns in .*, got 'x,y"):
        CsvSink(path)
    assert path.read_text() == "x,y\n1,2\n"


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+x", "'+x"),
        ("-x", "'-x"),
        ("@x", "'@x"),
        ('a,"b"', 'a,"b"'),
        ("two\nlines", "two lines"),
    ],
)
def test_text_is_no_formula_and_stays_in_its_cell(tmp_path, record, name, cell):
    path = tmp_path / "run.csv"
    with CsvSink(path) as sink:
        sink.write(record(run_id=name))
    assert rows(path)[1][1] == cell


def test_numbers_of_numpy_and_those_that_are_none(tmp_path, record):
    path = tmp_path / "run.csv"
    with CsvSink(path) as sink:
        sink.write(record(epsilon=math.nan, error_bound=math.inf, n_events=np.int64(-3), n_bytes=np.float32(0.5)))
    row = dict(zip(*rows(path), strict=True))
    assert [row[name] for name in ("epsilon", "error_bound", "n_events", "n_bytes")] == ["", "", "-3", "0.5"]


def test_a_full_disk_drops_counts_and_warns_once(record):
    with pytest.warns(TelemetryWarning, match="records are being dropped"):
        sink = CsvSink("/dev/full")
    sink.write(record())
    sink.write_many([record(), record()])
    assert sink.n_written == 0
    assert sink.n_dropped >= 3
    sink.close()


def test_a_closed_sink_refuses(tmp_path, record):
    sink = CsvSink(tmp_path / "run.csv")
    sink.close()
    sink.close()
    with pytest.raises(ValueError, match="write to a closed sink"):
        sink.write(record())
