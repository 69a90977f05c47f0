"""Tables of records for analysis."""

import math
import sys
import threading

import pytest

from toposcope.exceptions import TelemetryWarning
from toposcope.telemetry import SCHEMA_VERSION, ParquetSink
from toposcope.telemetry.schema import COLUMNS, flat

parquet = pytest.importorskip("pyarrow.parquet")


def test_records_come_back_as_written(tmp_path, record):
    path = tmp_path / "run.parquet"
    with ParquetSink(path, group_size=2) as sink:
        for seq in range(5):
            sink.write(record(seq=seq))
        assert sink.n_written == 4
        assert not path.exists()
    assert (sink.n_written, sink.n_dropped) == (5, 0)
    table = parquet.read_table(path)
    assert table.column_names == [column.name for column in COLUMNS]
    assert table["seq"].to_pylist() == [0, 1, 2, 3, 4]
    assert list(table.slice(1, 1).to_pylist()[0].values()) == flat(record(seq=1).to_dict())
    assert table.schema.metadata[b"toposcope.schema"] == str(SCHEMA_VERSION).encode()
    assert table.schema.field("n_bytes").metadata == {b"unit": b"bytes"}
    assert parquet.ParquetFile(path).num_row_groups == 3
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.parquet"]


def test_what_is_no_number_is_null(tmp_path, record):
    path = tmp_path / "run.parquet"
    with ParquetSink(path) as sink:
        sink.write(record(epsilon=math.nan, error_bound=math.inf, n_window=None, process=None))
    row = parquet.read_table(path).to_pylist()[0]
    assert [row[n] for n in ("epsilon", "error_bound", "n_window", "process.rss_bytes")] == [None] * 4


def test_a_run_without_records_leaves_an_empty_table(tmp_path):
    ParquetSink(tmp_path / "run.parquet").close()
    assert parquet.read_table(tmp_path / "run.parquet").num_rows == 0


def test_an_earlier_file_stays_until_the_new_one_is_whole(tmp_path, record):
    path = tmp_path / "run.parquet"
    path.write_text("earlier")
    sink = ParquetSink(path)
    sink.write(record())
    assert sink.flush()
    assert path.read_text() == "earlier"
    sink.close()
    sink.close()
    assert parquet.read_table(path).num_rows == 1
    assert sink.flush()
    with pytest.raises(ValueError, match="write to a closed sink"):
        sink.write(record())


def test_a_flush_waits_no_longer_than_it_is_told(tmp_path):
    with ParquetSink(tmp_path / "run.parquet") as sink, sink._lock:
        outcome = []
        waiting = threading.Thread(target=lambda: outcome.append(sink.flush(0.01)))
        waiting.start()
        waiting.join()
        assert outcome == [False]


def test_a_failing_disk_drops_counts_and_warns_once(tmp_path, record, monkeypatch):
    sink = ParquetSink(tmp_path / "run.parquet", group_size=1)

    class Full:
        def write_table(self, table):
            raise OSError(28, "No space left on device")

        def close(self):
            """Nothing was opened."""

    sink._writer.close()
    monkeypatch.setattr(sink, "_writer", Full())
    with pytest.warns(TelemetryWarning, match="No space left on device"):
        sink.write(record())
    sink.write(record())
    assert (sink.n_written, sink.n_dropped) == (0, 2)
    sink.close()


@pytest.mark.parametrize(("size", "error"), [(0, ValueError), (1.5, TypeError)])
def test_bad_sizes_are_refused(tmp_path, size, error):
    with pytest.raises(error, match="group_size: expected an integer"):
        ParquetSink(tmp_path / "run.parquet", group_size=size)
    assert list(tmp_path.iterdir()) == []


def test_without_pyarrow_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r'needs pyarrow: pip install "toposcope\[arrow\]"'):
        ParquetSink(tmp_path / "run.parquet")


def test_a_folder_that_is_missing_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match="no-such-folder"):
        ParquetSink(tmp_path / "no-such-folder" / "run.parquet")
