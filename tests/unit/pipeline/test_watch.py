"""The pipeline's own choices and errors; whole runs are in the tests of the command line."""

import json
import sys

import numpy as np
import pytest

from toposcope.exceptions import ToposcopeWarning
from toposcope.pipeline.config import WatchConfig
from toposcope.pipeline.embedders import vectors_of
from toposcope.pipeline.extras import import_extra
from toposcope.pipeline.sources import Batch
from toposcope.pipeline.watch import StreamPipeline

RIVERS = [f"the river carried {n} boats down to the sea" for n in range(20)]
ENGINES = [f"compile module_{n} with optimisation level {n}" for n in range(20)]


def write(tmp_path, lines):
    path = tmp_path / "prose.txt"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"window": 0}, ValueError, "window: expected an integer of at least 1, got 0"),
        ({"chunk": 1.5}, TypeError, "chunk: expected an integer, got 1.5"),
        ({"max_dim": -1}, ValueError, "max_dim: expected an integer of at least 0"),
        ({"confirm_after": -1}, ValueError, "confirm_after: expected an integer of at least 0"),
        ({"max_landmarks": 0}, ValueError, "max_landmarks: expected an integer of at least 1"),
        ({"n_threads": "two"}, TypeError, "n_threads: expected an integer, got 'two'"),
        ({"min_mass": 0}, ValueError, "min_mass: expected an integer of at least 1"),
        ({"linger": -1}, ValueError, "linger: expected a number of at least 0, got -1"),
        ({"scale": float("nan")}, ValueError, "scale: expected a number of at least 0, got nan"),
        ({"margin": "wide"}, TypeError, "margin: expected a number, got 'wide'"),
        ({"threshold": -0.5}, ValueError, "threshold: expected a number of at least 0"),
        ({"min_confidence": 1.5}, ValueError, "min_confidence: expected a number from 0 to 1, got 1.5"),
        ({"half_life": 0}, ValueError, "half_life: expected a finite number above 0, got 0"),
        ({"half_life": "long"}, TypeError, "half_life: expected a number, got 'long'"),
        ({"landmark_min_mass": -1}, ValueError, "landmark_min_mass: expected a finite number of at least 0, got -1"),
        ({"landmark_min_mass": float("inf")}, ValueError, "landmark_min_mass: expected a finite number of at least 0"),
        ({"memory_limit": "lots"}, ValueError, "memory_limit: expected a size"),
        ({"metric": "hamming"}, ValueError, "metric: expected one of auto, euclidean, .* got 'hamming'"),
        ({"embedder": "word2vec"}, ValueError, "embedder: expected auto, hashing, .* got 'word2vec'"),
        ({"embedder": "qwen:"}, ValueError, "embedder: expected the model's folder after qwen:, got nothing"),
    ],
)
def test_a_wrong_configuration_is_named(arguments, error, message):
    with pytest.raises(error, match=message):
        WatchConfig(source="-", **arguments)


@pytest.mark.parametrize(("window", "given", "expected"), [(100, None, 100), (9000, None, 512), (100, 7, 7)])
def test_the_window_is_kept_whole_while_it_is_small(window, given, expected):
    assert WatchConfig(source="-", window=window, max_landmarks=given).n_landmarks == expected


def test_a_configuration_is_plain_data():
    config = WatchConfig(source="a.txt", columns=("x", "y"))
    assert json.loads(json.dumps(config.to_dict()))["columns"] == ["x", "y"]


def test_text_is_tracked_from_the_full_window_on(tmp_path):
    source = write(tmp_path, [line for pair in zip(RIVERS, ENGINES, strict=True) for line in pair])
    with StreamPipeline(WatchConfig(source=source, window=20, chunk=10)) as pipeline:
        tracked = [(step.n_items, pipeline.scale is not None, len(step.events)) for step in pipeline.steps()]
        assert pipeline.monitor.tracker.margin == pytest.approx(
            0.05 * (pipeline.scale + pipeline.monitor.tracker.margin / 2)
        )
    assert [is_tracked for _, is_tracked, _ in tracked] == [False, True, True, True]
    assert [n_events > 0 for _, _, n_events in tracked][:3] == [False, False, True]
    # Two subjects, as many groups: that is what the scale was chosen for.
    assert len(pipeline.monitor.tracker.components) == 2


def test_two_subjects_are_two_groups_told_in_their_words(tmp_path):
    source = write(tmp_path, [line for pair in zip(RIVERS, ENGINES, strict=True) for line in pair])
    with StreamPipeline(WatchConfig(source=source, window=20, chunk=20)) as pipeline:
        found = [found for step in pipeline.steps() for found in step.events if found.is_notable]
    assert [each.event.kind for each in found] == ["ComponentBirth", "ComponentBirth"]
    told = [each.sides[0].items for each in found]
    assert {all("river" in item for item in items) for items in told} == {True, False}
    assert {all("module" in item for item in items) for items in told} == {True, False}


def test_without_groups_the_tracker_looks_for_a_gap_of_its_own(tmp_path):
    source = write(tmp_path, ["one and the same line"] * 30)
    with StreamPipeline(WatchConfig(source=source, window=10, chunk=10)) as pipeline:
        events = [found for step in pipeline.steps() for found in step.events]
    assert events == []
    assert pipeline.monitor.tracker is not None
    assert pipeline.scale is None


def test_coarse_landmarks_leave_the_choice_to_the_tracker(tmp_path):
    source = write(tmp_path, RIVERS + ENGINES)
    with StreamPipeline(WatchConfig(source=source, window=30, chunk=10, max_landmarks=3)) as pipeline:
        epsilons = [step.report.epsilon for step in pipeline.steps()]
    assert epsilons[-1] > 0.2
    assert pipeline.monitor.tracker is not None


def test_a_scale_that_is_given_is_looked_at_from_the_start(tmp_path):
    with StreamPipeline(WatchConfig(source=write(tmp_path, RIVERS), chunk=5, scale=0.9, margin=0.1)) as pipeline:
        first = next(pipeline.steps())
        assert (pipeline.scale, pipeline.monitor.tracker.margin) == (0.9, 0.1)
        assert first.events


def test_a_run_that_ends_before_its_first_item_is_written_too(tmp_path):
    pytest.importorskip("pyarrow")
    pytest.importorskip("sklearn")
    out = tmp_path / "out"
    pipeline = StreamPipeline(WatchConfig(source=write(tmp_path, RIVERS), out=str(out)))
    with pytest.warns(ToposcopeWarning, match=r"there is no features.parquet"):
        pipeline.close()
    pipeline.close()
    assert pipeline.report_path == out / "report.html"
    assert json.loads((out / "run.json").read_text())["reason"] == "interrupted"


def test_a_folder_that_cannot_be_made_leaves_no_file_open(tmp_path):
    pytest.importorskip("pyarrow")
    pytest.importorskip("sklearn")
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        StreamPipeline(WatchConfig(source=write(tmp_path, RIVERS), out=str(tmp_path / "file" / "out")))


def test_vectors_of_numbers_are_float32_and_text_needs_an_embedder():
    assert vectors_of(Batch(["row 1"], np.ones((1, 2))), None).dtype == np.float32
    with pytest.raises(ValueError, match="embedder: the source changed from numbers to text"):
        vectors_of(Batch(["text"], None), None)


def test_a_missing_extra_and_a_broken_package_are_told_apart(tmp_path, monkeypatch):
    with pytest.raises(ImportError, match=r'this needs nowhere: pip install "toposcope\[cli\]"'):
        import_extra("nowhere.at.all", "cli", "this")
    (tmp_path / "broken_package.py").write_text("import its_own_missing_part\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="its_own_missing_part"):
        import_extra("broken_package", "cli", "this")
    sys.modules.pop("broken_package", None)


def test_voids_are_told_of_when_they_are_asked_for(tmp_path):
    at = np.arange(120) + 0.5
    height, turn = 1 - at / 60, np.pi * (1 + 5**0.5) * at
    ring = np.sqrt(1 - height**2)
    sphere = np.stack([ring * np.cos(turn), ring * np.sin(turn), height], axis=1)
    shuffled = np.random.default_rng(0).permutation(sphere)
    path = tmp_path / "sphere.npy"
    np.save(path, np.concatenate([shuffled, np.full((120, 3), 5.0)]).astype(np.float32))

    def told(max_dim):
        config = WatchConfig(source=str(path), window=120, chunk=60, scale=0.7, max_dim=max_dim, out=str(tmp_path))
        with StreamPipeline(config) as pipeline:
            events = [found.event for step in pipeline.steps() for found in step.events]
        return [(event.step, event.kind, event.cause) for event in events if event.kind.startswith("Void")]

    assert told(2) == [(2, "VoidBirth", "closed"), (3, "VoidDeath", "broken")]
    assert "void" in (tmp_path / "report.html").read_text()
    assert told(1) == []
