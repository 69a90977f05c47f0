"""``ts.CobordismTracker`` and its events."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

import toposcope as ts


def ring(x: float = 0.0, n: int = 16, turn: float = 0.0) -> np.ndarray:
    angles = (np.arange(n) + turn) * 2 * np.pi / n
    return np.stack([x + np.cos(angles), np.sin(angles)], axis=1)


def grid(x: float) -> np.ndarray:
    steps = 0.4 * np.arange(3)
    return np.stack(np.meshgrid(x + steps, steps), axis=-1).reshape(-1, 2)


PATCHES = np.concatenate([grid(0.0), grid(3.2)])
BRIDGE = np.stack([0.8 + 0.4 * np.arange(1, 6), np.full(5, 0.4)], axis=1)


def watched(*chunks: np.ndarray, window: int, **parameters: object) -> list[list[ts.Event]]:
    """The events of each push, looked at where every ring here is one loop."""
    stream = ts.Stream(chunks[0].shape[1], window)
    tracker = ts.CobordismTracker(**{"scale": 0.6, "margin": 0.3, **parameters})  # type: ignore[arg-type]
    return [tracker.observe(stream.push(chunk)) for chunk in chunks]


def kinds(events: list[ts.Event]) -> list[str]:
    return [event.kind for event in events]


def test_a_ring_jumps() -> None:
    first, second = watched(ring(), ring(9.0), window=16)
    assert kinds(first) == ["ComponentBirth", "LoopBirth"]
    assert kinds(second) == ["ComponentDeath", "ComponentBirth", "LoopDeath", "LoopBirth"]
    match first[1], second[2], second[3]:
        case ts.LoopBirth(loop=old, cause="closed"), ts.LoopDeath(loop=gone, cause="broken"), ts.LoopBirth(loop=new):
            assert old == gone != new
        case other:
            pytest.fail(f"{other}")


def test_a_bridge_joins_and_parts() -> None:
    births, (merge,), (split,) = watched(PATCHES, BRIDGE, np.tile(PATCHES, (2, 1)), window=23)
    assert kinds(births) == ["ComponentBirth", "ComponentBirth"]
    match merge:
        case ts.Merge(parents=parents, child=child, cause="inserted"):
            assert parents == (0, 1)
            assert child == 0
        case _:
            pytest.fail(f"{merge}")
    match split:
        case ts.Split(parent=parent, children=children):
            assert parent == 0
            assert children == (0, 2)
        case _:
            pytest.fail(f"{split}")
    assert merge.identities == (0, 1)
    assert merge.landmarks_before == tuple(range(18))
    assert merge.landmarks_after == tuple(range(23))
    assert [feature.mass for feature in merge.before] == [9, 9]


def test_what_goes_on_is_told_on_request() -> None:
    events = watched(ring(), ring(turn=0.5), window=16, include_continues=True)[1]
    assert kinds(events) == ["Continue", "LoopContinue"]
    match events:
        case [ts.Continue(component=component), ts.LoopContinue(loop=loop, previous=previous, lineage="matched")]:
            assert (component, loop, previous) == (0, 1, 1)
        case _:
            pytest.fail(f"{events}")
    assert all(event.is_quiet for event in events)
    assert watched(ring(), ring(turn=0.5), window=16)[1] == []


def test_an_event_says_where_and_how_sure() -> None:
    stream = ts.Stream(2, 16, cover_radius=0.05)
    tracker = ts.CobordismTracker(scale=0.6)
    report = stream.push(np.concatenate([ring(), ring()[:3] + 0.02]), times=np.arange(19.0))
    component, loop = tracker.observe(report)
    assert (component.seq, component.origin, component.step, component.time) == (0, 0, 1, 18.0)
    assert component.status == "confirmed"
    assert (component.before, len(component.after)) == ((), 1)
    assert (component.certified, component.confidence, component.parts.n_steps) == (True, 1.0, 0)
    margin = 4 * report.epsilon
    assert loop.scale == (0.6 - margin / 2, 0.6 + margin / 2)
    assert loop.parts.scale_support == pytest.approx(margin / (0.6 + margin / 2))
    (feature,) = loop.after
    (walk,) = feature.walks
    assert walk[0] == walk[-1]
    assert set(walk) == set(feature.landmarks) == set(report.landmark_ids.tolist())
    assert component.after[0].walks == component.after[0].triangles == ()


def test_events_are_plain_values() -> None:
    events = [event for told in watched(ring(), ring(9.0), window=16, include_continues=True) for event in told]
    for event in events:
        plain = event.to_dict()
        assert json.loads(json.dumps(plain, allow_nan=False)) == plain
        assert plain["kind"] == type(event).__name__
        assert {field.name for field in dataclasses.fields(event)} | {"kind", "confidence"} == set(plain)
        assert pickle.loads(pickle.dumps(event)) == event
        again = ts.Event.from_dict(json.loads(json.dumps(plain)))
        assert again == event
        assert type(again) is type(event)
        with pytest.raises(dataclasses.FrozenInstanceError):
            event.seq = 9  # type: ignore[misc]
    assert [event.seq for event in events] == list(range(len(events)))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"kind": "Explosion"}, "kind: expected one of ComponentBirth, .*, got 'Explosion'"),
        ({"scale": None, "step": ...}, "plain: expected the fields of a LoopBirth, got none named step"),
        ({"cause": ...}, "plain: expected the fields of a LoopBirth, got none named cause"),
        ({"parts": {"margin": 1.0}}, "plain: expected the fields of a Confidence, got {'margin': 1.0}"),
        ({"after": [3]}, "plain: expected the fields of a Feature, got 3"),
    ],
)
def test_what_is_no_event_makes_none(changed: dict[str, object], message: str) -> None:
    plain = {**watched(ring(), window=16)[0][1].to_dict(), **changed}
    with pytest.raises(ValueError, match=message):
        ts.Event.from_dict({name: value for name, value in plain.items() if value is not ...})


def test_changes_are_confirmed_or_retracted() -> None:
    rounds = watched(PATCHES, BRIDGE, np.tile(PATCHES, (2, 1)), PATCHES, window=23, confirm_after=1)
    told = [[(event.kind, event.status, event.origin) for event in events] for events in rounds]
    assert told == [
        [("ComponentBirth", "provisional", 0), ("ComponentBirth", "provisional", 1)],
        # The second component is gone into the first, so its birth did not last; the first one's did.
        # So nothing that had been there merged, either.
        [
            ("Merge", "provisional", 2),
            ("ComponentBirth", "confirmed", 0),
            ("ComponentBirth", "retracted", 1),
            ("Merge", "retracted", 2),
        ],
        [("Split", "provisional", 6)],
        [("Split", "confirmed", 6)],
    ]


def test_the_automatic_scale_waits_and_stays() -> None:
    stream = ts.Stream(2, 100)
    tracker = ts.CobordismTracker()
    assert tracker.observe(stream.push(ring(n=15))) == []
    assert (tracker.scale, tracker.margin, tracker.is_tracking) == (None, None, False)
    events = tracker.observe(stream.push(ring(n=15, turn=0.5)))
    assert kinds(events) == ["ComponentBirth", "LoopBirth"]
    assert tracker.is_tracking
    scale = tracker.scale
    assert scale is not None
    assert 0.21 < scale < 1.73
    tracker.observe(stream.push(grid(30.0)))
    assert tracker.scale == scale
    assert (len(tracker.components), len(tracker.loops)) == (2, 1)
    tracker.reset()
    assert (tracker.scale, tracker.components) == (None, ())


def sphere(x: float = 0.0, n: int = 120) -> np.ndarray:
    """Points evenly spread by the golden angle, from one pole to the other."""
    i = np.arange(n)
    z = 1 - (2 * i + 1) / n
    angles = i * np.pi * (3 - np.sqrt(5))
    radius = np.sqrt(1 - z**2)
    return np.stack([x + radius * np.cos(angles), radius * np.sin(angles), z], axis=1)


def test_a_sphere_loses_its_cap_and_jumps() -> None:
    births, (death,), jump = watched(sphere(), sphere()[25:], sphere(9.0), window=120, max_dim=2, scale=0.75)
    assert kinds(births) == ["ComponentBirth", "VoidBirth"]
    match births[1], death:
        case ts.VoidBirth(void=born, cause="closed"), ts.VoidDeath(void=gone, cause="broken"):
            assert born == gone
        case other:
            pytest.fail(f"{other}")
    assert kinds(jump) == ["ComponentDeath", "ComponentBirth", "VoidBirth"]
    (shell,) = births[1].after
    assert shell.walks == ()
    assert {landmark for triangle in shell.triangles for landmark in triangle} == set(shell.landmarks)
    edges = [frozenset(pair) for a, b, c in shell.triangles for pair in ((a, b), (a, c), (b, c))]
    assert all(edges.count(edge) % 2 == 0 for edge in edges)


def test_a_sphere_sampled_anew_is_the_same_void() -> None:
    turned = sphere()[:, [1, 2, 0]]
    first, second = watched(sphere(), turned, window=120, max_dim=2, scale=0.75, include_continues=True)
    match first[1], second[1]:
        case ts.VoidBirth(void=born), ts.VoidContinue(void=goes_on, previous=previous, lineage="matched"):
            assert born == goes_on == previous
        case other:
            pytest.fail(f"{other}")
    assert second[1].is_quiet


def test_voids_can_be_read_once_in_a_while() -> None:
    stream = ts.Stream(3, 120)
    tracker = ts.CobordismTracker(0.75, 0.3, max_dim=2, void_every=3)
    told = []
    for chunk in (sphere()[25:], sphere()[:25], sphere()[25:50], sphere()[50:75]):
        told += [(e.kind, e.since, e.step) for e in tracker.observe(stream.push(chunk))]
    assert told == [("ComponentBirth", 0, 1), ("VoidBirth", 1, 4)]
    assert len(tracker.voids) == 1
    assert repr(tracker).endswith("1 components, 0 loops, 1 voids")


def test_components_alone() -> None:
    assert kinds(watched(ring(), window=16, max_dim=0)[0]) == ["ComponentBirth"]


@pytest.mark.parametrize(
    ("parameters", "error", "told"),
    [
        ({"scale": -1.0}, ValueError, "scale"),
        ({"scale": float("nan")}, ValueError, "scale"),
        ({"scale": "1"}, TypeError, "scale"),
        ({"margin": float("inf")}, ValueError, "margin"),
        ({"max_dim": 3}, ValueError, "max_dim"),
        ({"max_dim": 1.0}, TypeError, "max_dim"),
        ({"void_every": 0}, ValueError, "void_every"),
        ({"void_every": 1.5}, TypeError, "void_every"),
        ({"confirm_after": -1}, ValueError, "confirm_after"),
        ({"include_continues": "no"}, TypeError, "include_continues"),
    ],
)
def test_wrong_parameters_are_named(parameters: dict[str, object], error: type, told: str) -> None:
    with pytest.raises(error, match=told):
        ts.CobordismTracker(**parameters)  # type: ignore[arg-type]


def test_reports_are_taken_in_order_from_one_stream() -> None:
    stream, other = ts.Stream(2), ts.Stream(2)
    tracker = ts.CobordismTracker(scale=0.6)
    reports = [stream.push(ring()) for _ in range(3)]
    other.push(grid(0.0))
    tracker.observe(reports[0])
    before = tracker.snapshot()
    with pytest.raises(ValueError, match=r"report of step 2, .* got that of step 3"):
        tracker.observe(reports[2])
    with pytest.raises(ValueError, match="got that of another stream"):
        tracker.observe(other.push(ring()))
    with pytest.raises(ValueError, match="stripped"):
        tracker.observe(dataclasses.replace(reports[1], cospan=None))
    with pytest.raises(TypeError, match="report: expected a Report of a Stream, got str"):
        tracker.observe("report")  # type: ignore[arg-type]
    assert tracker.snapshot() == before
    assert tracker.observe(reports[1]) == []
    stream.reset()
    tracker.reset()
    assert kinds(tracker.observe(stream.push(ring()))) == ["ComponentBirth", "LoopBirth"]


def test_a_saved_tracker_goes_on_as_the_same(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    stream = ts.Stream(2, 60, max_landmarks=40)
    tracker = ts.CobordismTracker(scale=0.5, margin=0.1, confirm_after=1, include_continues=True)
    for chunk in rng.normal(size=(3, 20, 2)):
        tracker.observe(stream.push(chunk))
    tracker.save(tmp_path / "tracker.ckpt")
    copies = [ts.CobordismTracker.load(tmp_path / "tracker.ckpt"), pickle.loads(pickle.dumps(tracker)),
              copy.deepcopy(tracker)]  # fmt: skip
    for chunk in rng.normal(size=(5, 20, 2)):
        report = stream.push(chunk)
        events = tracker.observe(report)
        assert events
        for other in copies:
            assert other.observe(report) == events
            assert other.snapshot() == tracker.snapshot()


def test_damaged_trackers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "tracker.ckpt"
    good = ts.CobordismTracker(scale=1.0).snapshot()
    for damaged in [b"", good[:-1], good[:30] + b"\xff" + good[31:], ts.Stream(2).snapshot()]:
        path.write_bytes(damaged)
        with pytest.raises(ts.CheckpointError, match=r"tracker\.ckpt: "):
            ts.CobordismTracker.load(path)
    with pytest.raises(TypeError, match="snapshot: expected bytes, got int"):
        ts.CobordismTracker.restore(1)  # type: ignore[arg-type]


def test_it_shows_what_it_sees() -> None:
    stream, tracker = ts.Stream(2), ts.CobordismTracker(scale=0.6)
    tracker.observe(stream.push(ring()))
    assert repr(tracker) == "CobordismTracker(scale=0.6, margin=0.0): 1 components, 1 loops"
    assert "Cospan of step 1: 16 landmarks" in repr(ts.Stream(2).push(ring()).cospan)
