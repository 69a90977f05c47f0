"""``ts.Diagram``: order, forms and files."""

from __future__ import annotations

import json
import os
import pickle
import stat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import toposcope as ts

INF = float("inf")
H0 = [[0, 1], [0, INF], [0, 0.5]]
H1 = [[1, 1.5]]


@pytest.fixture
def diagram() -> ts.Diagram:
    return ts.Diagram.from_arrays({0: H0, 1: H1}, complex="rips", unit="diameter", threshold=2.0)


def few_values() -> st.SearchStrategy[float]:
    return st.sampled_from([0.0, 0.25, 0.5, 1.0, 3.0])


@given(hnp.arrays(float, st.tuples(st.integers(0, 12), st.just(3)), elements=few_values()))
def test_order_is_canonical(rows: np.ndarray) -> None:
    dims, births, lengths = rows[:, 0] > 0.3, rows[:, 1], rows[:, 2]
    diagram = ts.Diagram(dims, births, births + lengths)
    shuffled = np.random.default_rng(0).permutation(len(rows))
    assert diagram == ts.Diagram(dims[shuffled], births[shuffled], (births + lengths)[shuffled])
    kept = sorted(zip(dims, births, births + lengths, strict=True))
    expected = [(d, b, e) for d, b, e in kept if b < e]
    assert list(zip(diagram.dims, diagram.births, diagram.deaths, strict=True)) == expected


def test_access(diagram: ts.Diagram) -> None:
    assert diagram[0].tolist() == [[0, 0.5], [0, 1], [0, INF]]
    assert [array.tolist() for array in diagram] == [diagram[0].tolist(), H1]
    assert (len(diagram), diagram.n_intervals, diagram.max_dim, diagram.threshold) == (2, 4, 1, 2.0)
    assert diagram.persistences.tolist() == [0.5, 1, INF, 0.5]
    assert diagram.betti(0.75) == [2, 0]
    assert diagram.betti(1.0) == [1, 1]
    assert repr(diagram) == "Diagram(H0: 3 intervals, H1: 1 interval)"
    with pytest.raises(IndexError, match="dim: expected 0 to 1"):
        diagram[2]
    with pytest.raises(IndexError, match="-1"):
        diagram[-1]


def test_nothing_can_be_changed(diagram: ts.Diagram) -> None:
    with pytest.raises(ValueError, match="read-only"):
        diagram.births[0] = 7
    with pytest.raises(AttributeError):
        diagram.births = np.zeros(4)  # type: ignore[misc]
    with pytest.raises(TypeError, match="unhashable"):
        hash(diagram)


def test_comparison_is_of_the_intervals(diagram: ts.Diagram) -> None:
    assert diagram == ts.Diagram.from_arrays([H0, H1])
    assert diagram != ts.Diagram.from_arrays([H0, H1, []])
    assert diagram != ts.Diagram.from_arrays([H0])
    assert diagram != "diagram"


def test_converters(diagram: ts.Diagram) -> None:
    assert [array.tolist() for array in diagram.to_ripser()] == [[[0, 0.5], [0, 1], [0, INF]], H1]
    assert diagram.to_gudhi() == [(0, (0, INF)), (0, (0, 1)), (0, (0, 0.5)), (1, (1, 1.5))]
    assert diagram.to_giotto().tolist() == [[[0, 0.5, 0], [0, 1, 0], [1, 1.5, 1]]]
    kept = diagram.to_giotto(drop_infinite_component=False)
    assert kept.tolist() == [[[0, 0.5, 0], [0, 1, 0], [0, INF, 0], [1, 1.5, 1]]]
    assert ts.Diagram.from_arrays({1: H1}).to_giotto().tolist() == [[[0, 0, 0], [1, 1.5, 1]]]
    frame = diagram.to_pandas()
    assert frame.columns.tolist() == ["dim", "birth", "death"]
    assert frame["death"].tolist() == [0.5, 1, INF, 1.5]


def test_arrow_and_pickle_keep_everything(diagram: ts.Diagram) -> None:
    for back in (ts.Diagram.from_arrow(diagram.to_arrow()), pickle.loads(pickle.dumps(diagram))):
        assert back == diagram
        assert back.info == diagram.info


@pytest.mark.parametrize("ending", ["npz", "parquet"])
def test_files_keep_everything(diagram: ts.Diagram, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"d.{ending}"
    for saved in (ts.Diagram.from_arrays([[], [], []], metric="cosine"), diagram):
        saved.save(path)
        loaded = ts.Diagram.load(os.fspath(path))
        assert loaded == saved
        assert loaded.info == saved.info
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize("ending", ["npz", "parquet"])
def test_damaged_files_are_refused(diagram: ts.Diagram, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"d.{ending}"
    diagram.save(path)
    whole = path.read_bytes()
    for broken in (b"", b"hello", whole[: len(whole) // 2], whole[:-1]):
        path.write_bytes(broken)
        with pytest.raises(ts.DiagramFileError, match=str(path)):
            ts.Diagram.load(path)


def test_foreign_files_are_refused(diagram: ts.Diagram, tmp_path: Path) -> None:
    np.savez(tmp_path / "foreign.npz", a=np.zeros(3))
    with pytest.raises(ts.DiagramFileError, match="foreign"):
        ts.Diagram.load(tmp_path / "foreign.npz")
    header = json.dumps({"schema": 99, "max_dim": 0, "info": {}}).encode()
    columns = {"dims": [], "births": [], "deaths": [], "toposcope": np.frombuffer(header, np.uint8)}
    np.savez(tmp_path / "newer.npz", **columns)
    with pytest.raises(ts.DiagramFileError, match="newer version: schema 99"):
        ts.Diagram.load(tmp_path / "newer.npz")
    with pytest.raises(ts.DiagramFileError, match="metadata"):
        ts.Diagram.from_arrow(diagram.to_arrow().replace_schema_metadata({}))
    for name in ("d.csv", "d"):
        with pytest.raises(ValueError, match="path: expected a name ending in"):
            diagram.save(tmp_path / name)
        with pytest.raises(ValueError, match="path: expected a name ending in"):
            ts.Diagram.load(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        ts.Diagram.load(tmp_path / "absent.npz")


def test_a_failed_save_leaves_the_old_file(
    diagram: ts.Diagram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "d.npz"
    diagram.save(path)
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        diagram.save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["d.npz"]


WRONG = [
    (([0], [0.0, 1.0], [1.0, 2.0]), "columns of one length"),
    (([0], [np.inf], [np.inf]), "births: expected finite values"),
    (([0], [0.0], [np.nan]), "deaths: expected none before its birth"),
    (([0], [1.0], [0.0]), "got birth 1.0 and death 0.0"),
    (([-1], [0.0], [1.0]), "dims: expected integers from 0 to 255"),
    (([0.5], [0.0], [1.0]), "dims: expected integers"),
]


@pytest.mark.parametrize(("columns", "message"), WRONG)
def test_wrong_columns_are_named(columns: tuple[list[float], ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ts.Diagram(*columns)


def test_wrong_arrays_are_named() -> None:
    with pytest.raises(ValueError, match="max_dim: expected at least 1"):
        ts.Diagram([1], [0.0], [1.0], max_dim=0)
    with pytest.raises(ValueError, match=r"intervals\[1\]: .*shape \(1, 3\)"):
        ts.Diagram.from_arrays({1: [[0, 1, 2]]})
    with pytest.raises(ValueError, match="intervals: expected dimensions"):
        ts.Diagram.from_arrays({-1: [[0, 1]]})
    with pytest.raises(TypeError, match="births: expected real numbers"):
        ts.Diagram([0], ["a"], [1.0])


def test_missing_packages_say_what_to_install(diagram: ts.Diagram, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r'pip install "toposcope\[arrow\]"'):
        diagram.to_arrow()
