"""``toposcope bench ladder``: what it measures, and what it leaves behind."""

import csv
import json
import math
import mmap
import signal
import sys

import numpy as np
import pytest

import toposcope as ts
from toposcope.bench import folder, ladder, memory, rung
from toposcope.bench.config import LadderConfig
from toposcope.bench.points import RingSource
from toposcope.bench.rung import Answer
from toposcope.cli import main


def table_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_run_is_measured(measured):
    rows = table_of(measured / "ladder.csv")
    assert [(row["n_points"], row["repeat"]) for row in rows] == [
        ("300", "0"),
        ("300", "1"),
        ("1250", "0"),
        ("1250", "1"),
    ]
    for row in rows:
        assert float(row["push_seconds"]) <= float(row["seconds"])
        # A stream this small can vanish in the kernel's counting.
        assert int(row["stream_bytes"]) == max(0, int(row["peak_bytes"]) - int(row["baseline_bytes"])) < 2**22
        assert int(row["overshoot_bytes"]) == 0
        assert 0 < float(row["bottleneck"]) <= float(row["error_bound"])
        assert row["fragmentation"] == "" or 0 <= float(row["fragmentation"]) <= 1
    # The points of the repeats are the same, and so is what a stream makes of them.
    exact = ("n_landmarks", "degree_radius", "degree_mean", "degree_max", "error_bound", "bottleneck")
    assert [rows[0][name] for name in exact] == [rows[1][name] for name in exact]


def test_every_chunk_is_timed(measured):
    rows = table_of(measured / "chunks.csv")
    of_last = [row for row in rows if (row["n_points"], row["repeat"]) == ("1250", "1")]
    assert [int(row["chunk"]) for row in of_last] == list(range(13))
    assert [int(row["n_chunk_points"]) for row in of_last] == [100] * 12 + [50]
    assert int(of_last[0]["n_changes"]) >= 32  # that many landmarks were founded
    last = table_of(measured / "ladder.csv")[-1]
    seconds = [float(row["seconds"]) for row in of_last]
    assert float(last["p90_seconds"]) == np.percentile(seconds, 90)
    assert math.isclose(float(last["push_seconds"]), sum(seconds))


def test_degrees_are_those_of_the_landmarks(measured):
    """Against the window's own points: with 300 of them, the stream of the test below has the same landmarks."""
    stream = ts.Stream(6, 2000, max_landmarks=32, memory_limit="64MiB", n_threads=1)
    source = RingSource(0, 100, 6)
    points = np.concatenate([source.points(index) for index in range(3)])
    report = stream.push(points)
    at = points[report.landmark_ids].astype(float)
    distances = np.sqrt(((at[:, np.newaxis] - at) ** 2).sum(-1))
    deaths = report.diagram.deaths
    radius = float(deaths[np.isfinite(deaths)].max())
    degrees = (distances <= radius * (1 + 1e-9)).sum(axis=1) - 1
    rows = [row for row in table_of(measured / "degrees.csv") if (row["n_points"], row["repeat"]) == ("300", "0")]
    assert {int(row["degree"]): int(row["n_landmarks"]) for row in rows} == {
        degree: int((degrees == degree).sum()) for degree in np.unique(degrees)
    }
    first = table_of(measured / "ladder.csv")[0]
    assert float(first["degree_radius"]) == radius
    exact = ts.rips(points)
    assert float(first["bottleneck"]) == max(ts.bottleneck_distance(report.diagram, exact, dim) for dim in (0, 1))


def test_each_line_says_where_it_was_measured_and_how_to_do_it_again(measured):
    lines = [json.loads(line) for line in (measured / "ladder.jsonl").read_text().splitlines()]
    assert len(lines) == 4
    assert lines[0]["environment"]["command"] == (
        "toposcope bench ladder --sizes 300,1250 --chunk 100 --n-dims 6 --window 2000 --max-landmarks 32 --max-dim 1 "
        "--memory-limit 67108864 --seed 0 --repeats 2 --threads 1"
    )
    assert lines[0]["environment"]["toposcope"].startswith(ts.__version__)
    assert lines[0]["environment"]["numpy"] == np.__version__
    assert lines[0]["environment"]["n_cores"] >= 1
    assert lines[0]["config"]["sizes"] == [300, 1250]


def test_the_folder_is_complete_and_has_nothing_else(measured):
    pytest.importorskip("matplotlib")
    names = {"ladder.csv", "ladder.jsonl", "chunks.csv", "degrees.csv", "ladder.png", "ladder.svg", "manifest.json"}
    assert {path.name for path in measured.iterdir()} == names
    manifest = json.loads((measured / "manifest.json").read_text())
    assert set(manifest["files"]) == names - {"manifest.json"}
    assert (measured / "ladder.png").read_bytes().startswith(b"\x89PNG")


def test_points_are_the_same_however_they_are_asked_for():
    source = RingSource(3, 50, 4)
    points = np.concatenate([source.points(index) for index in range(3)])
    assert points.dtype == np.float32
    np.testing.assert_array_equal(source.at(np.array([149, 0, 77], np.uint64)), points[[149, 0, 77]])
    assert source.n_chunks(101) == 3
    assert source.n_points_of(2, 101) == 1
    assert not np.array_equal(RingSource(4, 50, 4).points(0), source.points(0))


def test_without_a_limit_nothing_is_said_about_keeping_it():
    config = LadderConfig(sizes=(10,), chunk=10, n_dims=2)
    done = Answer(peak_bytes=100, seconds=1.0, chunk_seconds=[0.5], n_changes=[1], product_seconds=0.1, n_landmarks=1,
                  degree_counts=[1])  # fmt: skip
    without = ladder._rung(config, 10, 0, Answer(peak_bytes=60), done)
    assert (without.stream_bytes, without.memory_limit, without.overshoot_bytes) == (40, None, None)
    tight = LadderConfig(sizes=(10,), memory_limit=30)
    assert ladder._rung(tight, 10, 0, Answer(peak_bytes=60), done).overshoot_bytes == 10
    assert ladder._rung(tight, 10, 0, Answer(peak_bytes=None), done).overshoot_bytes is None


def test_a_window_that_is_too_large_or_has_passed_has_no_exact_diagram():
    for config, n_points in [(LadderConfig(chunk=50, n_dims=2, window=99), 100), (LadderConfig(n_dims=2), 2001)]:
        source = RingSource(0, config.chunk, config.n_dims)
        assert rung._bottleneck(config, source, n_points, ts.rips([[0.0, 0.0]])) is None


def test_a_pool_with_something_in_it_is_written_down():
    stream = ts.Stream(2, 20)
    points = np.random.default_rng(0).random((60, 2), np.float32)
    told = [rung._fragmentation(stream.push(chunk)) for chunk in np.split(points, 60)]
    assert told[0] is None  # The first diagram is computed anew.
    assert all(0 <= share < 1 for share in told[-30:])
    assert max(told[-30:]) > 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process reset the peak of its memory")
def test_the_peak_is_that_since_it_was_reset():
    assert memory.reset_peak()
    before, n_bytes = memory.peak_bytes(), 2**25
    with mmap.mmap(-1, n_bytes) as block:  # the allocator may have as much lying about
        block.write(b"x" * n_bytes)
        assert memory.resident_bytes() - before > 0.9 * n_bytes
    assert memory.peak_bytes() - before > 0.9 * n_bytes
    memory.reset_peak()
    assert memory.peak_bytes() - before < 0.5 * n_bytes


def test_where_there_is_no_peak_it_is_not_measured(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_RESET", tmp_path / "nowhere" / "clear_refs")
    config = LadderConfig(sizes=(20,), chunk=10, n_dims=2)
    assert rung.measure(config, 20, is_baseline=True) == Answer(peak_bytes=None)
    found = rung.measure(config, 20, is_baseline=False)
    assert (found.peak_bytes, found.n_landmarks, found.error_bound, found.bottleneck) == (None, 20, 0.0, 0.0)


def test_without_matplotlib_it_says_so_and_draws_nothing(measured, tmp_path, monkeypatch, capsys):
    def missing(module, extra, purpose):
        raise ImportError(f'{purpose} needs matplotlib: pip install "toposcope[{extra}]"')

    out = tmp_path / "out"
    out.mkdir()
    (out / "ladder.png").write_bytes(b"of an earlier run")
    monkeypatch.setattr("toposcope.bench.picture.import_extra", missing)
    monkeypatch.setenv("TOPOSCOPE_BENCH_SMOKE", "1")
    monkeypatch.setenv("TOPOSCOPE_ARTIFACT_DIR", str(out))
    assert main(["bench", "ladder", "--sizes", "20", "--chunk", "10", "--n-dims", "2"]) == 0
    assert (
        'no ladder.png and no ladder.svg: the picture of a ladder needs matplotlib: pip install "toposcope[plot]"'
        in (capsys.readouterr().err)
    )
    assert sorted(path.name for path in out.iterdir()) == [
        "chunks.csv", "degrees.csv", "ladder.csv", "ladder.jsonl", "manifest.json",
    ]  # fmt: skip
    assert main(["bench", "analyze", "--gate"]) == 0


def test_quick_takes_small_sizes_where_none_are_given(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TOPOSCOPE_BENCH_SMOKE", "1")
    out = str(tmp_path / "out")
    assert main(["bench", "ladder", "--quick", "--chunk", "500", "--output", out]) == 0
    assert main(["bench", "analyze", out, "--gate", "--require-csv"]) == 0
    captured = capsys.readouterr()
    assert captured.err.count("points/s") == 2
    printed = captured.out.splitlines()
    assert printed[:3] == printed[3:]  # what was measured is what was read
    assert [line.split()[0] for line in printed[:3]] == ["points", "1,000", "5,000"]
    config = folder.read(tmp_path / "out").config
    assert config == LadderConfig(sizes=(1000, 5000), chunk=500, n_dims=16, max_landmarks=64, window=2000)


def test_a_debug_build_is_refused(monkeypatch, tmp_path, capsys):
    monkeypatch.delenv("TOPOSCOPE_BENCH_SMOKE", raising=False)
    monkeypatch.setattr("toposcope._core.BUILD_PROFILE", "debug")
    assert main(["bench", "ladder", "--quick", "--output", str(tmp_path)]) == 1
    assert "toposcope._core is a debug build: install a release build to time it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("code", "errors", "told"),
    [
        (1, "Traceback\nValueError: no\n", "ValueError: no"),
        (-signal.SIGKILL, "", "killed by SIGKILL"),
        (3, "", "exit status 3"),
    ],
)
def test_a_process_that_fails_ends_it(monkeypatch, tmp_path, capsys, code, errors, told):
    class Child:
        returncode, stderr, stdout = code, errors, ""

    monkeypatch.setenv("TOPOSCOPE_BENCH_SMOKE", "1")
    monkeypatch.setattr("toposcope.bench.ladder.subprocess.run", lambda *args, **options: Child)
    assert main(["bench", "ladder", "--quick", "--output", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err == f"toposcope: error: the run of 1,000 points failed: {told}\n"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sizes": ()}, "sizes: expected different numbers in ascending order"),
        ({"sizes": (10, 10)}, "sizes: expected different numbers in ascending order, got 10, 10"),
        ({"sizes": (20, 10)}, "sizes: expected different numbers in ascending order, got 20, 10"),
        ({"sizes": (0,)}, "sizes: expected an integer of at least 1, got 0"),
        ({"n_dims": 1}, "n_dims: expected an integer of at least 2, got 1"),
        ({"chunk": 0}, "chunk: expected an integer of at least 1, got 0"),
        ({"max_dim": 13}, "max_dim: expected an integer of at most 12, got 13"),
        ({"repeats": 1001}, "repeats: expected an integer of at most 1000, got 1001"),
        ({"memory_limit": "lots"}, "memory_limit: expected a size"),
    ],
)
def test_a_config_refuses_what_cannot_be_run(values, message):
    with pytest.raises(ValueError, match=message):
        LadderConfig(**values)


def test_a_config_comes_back_from_plain_values():
    config = LadderConfig(sizes=(10, 20), memory_limit="1MiB")
    assert LadderConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert config.memory_limit == 2**20
    with pytest.raises(ValueError, match="config: expected chunk, max_dim"):
        LadderConfig.from_dict({"chunk": 1})
    with pytest.raises(TypeError, match="sizes: expected a list"):
        LadderConfig.from_dict({**config.to_dict(), "sizes": 5})
