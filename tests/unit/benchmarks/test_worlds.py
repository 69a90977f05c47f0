"""Scripted worlds: they are what they say, and the score counts what it says."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import toposcope as ts

ROOT = Path(__file__).parents[3]
BENCHMARKS = str(ROOT / "benchmarks")
sys.path.insert(0, BENCHMARKS)
try:
    from worlds import catalogue, rivals, table, watch
    from worlds.score import Score, pair_up, score, total
    from worlds.world import CHUNK, WINDOW, WINDOW_CHUNKS, Setting, deleted, draw, held, inserted
finally:
    sys.path.remove(BENCHMARKS)

WORLDS = {world.name: world for world in catalogue.WORLDS}
every_world = pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)


def simplest(world: Any, **settings: Any) -> Any:
    return Setting(n_dims=world.n_coordinates, **settings)


@every_world
def test_the_numbers_of_every_window_are_those_of_the_script(world: Any) -> None:
    """Components, loops and, where the script speaks of them, voids, by ``rips`` of all points of the window."""
    drawn = draw(world, simplest(world))
    for chunk, numbers in world.betti:
        window = np.concatenate(drawn.chunks[: chunk + 1])[-WINDOW:]
        diagram = ts.rips(window, max_dim=len(numbers) - 1, threshold=1.1 * world.scale)
        assert diagram.betti(world.scale) == list(numbers), f"after chunk {chunk}"


@every_world
def test_the_events_account_for_the_change_of_the_numbers(world: Any) -> None:
    """From the first to the last numbers: births less deaths."""
    change = {"ComponentBirth": (0, 1), "ComponentDeath": (0, -1), "Merge": (0, -1), "Split": (0, 1)}
    change |= {"LoopBirth": (1, 1), "LoopDeath": (1, -1), "VoidDeath": (2, -1)}
    numbers = [*world.betti[0][1], 0, 0][:3]
    for event in world.expected:
        dim, by = change[event.kind]
        numbers[dim] += by
    assert numbers == [*world.betti[-1][1], 0, 0][:3]


@every_world
def test_events_are_about_what_is_there_and_have_time(world: Any) -> None:
    called = {part.name for scene in world.scenes for part in scene}
    for event in world.expected:
        assert event.about <= called
        assert WINDOW_CHUNKS <= event.first <= event.due
        assert event.latest < len(world.scenes)
        assert event.cause is not None or not event.kind.startswith("Loop")


def test_there_are_loud_and_quiet_worlds() -> None:
    assert len(WORLDS) == len(catalogue.WORLDS) >= 12
    assert sum(not world.expected for world in WORLDS.values()) >= 4


def test_the_same_setting_gives_the_same_points() -> None:
    world, setting = WORLDS["figure eight"], Setting(5, 0.1, 0.05, is_uneven=True, seed=3)
    one, other = draw(world, setting), draw(world, setting)
    assert all(np.array_equal(a, b) for a, b in zip(one.chunks, other.chunks, strict=True))
    assert one.names.tolist() == other.names.tolist()
    another = draw(world, Setting(5, 0.1, 0.05, is_uneven=True, seed=4))
    assert not np.array_equal(one.chunks[0], another.chunks[0])


def test_worlds_have_points_of_their_own() -> None:
    closes, breaks = (draw(WORLDS[name], Setting()) for name in ("ring resampled", "ring breaks"))
    assert not np.array_equal(closes.chunks[0], breaks.chunks[0])


@pytest.mark.parametrize("n_dims", [2, 40])
def test_a_shape_keeps_its_distances_in_any_space(n_dims: int) -> None:
    ring = np.concatenate(draw(WORLDS["ring resampled"], Setting(n_dims)).chunks)
    assert ring.shape == (CHUNK * len(WORLDS["ring resampled"].scenes), n_dims)
    assert ring.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(ring, axis=1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("n_dims", [2, 40])
def test_noise_is_a_length_whatever_the_space(n_dims: int) -> None:
    world = WORLDS["ring jumps"]
    still = held((catalogue.Part("point", lambda n, rng: np.zeros((n, 2))),), 40)
    world = type(world)("a point", "", still)
    moved = np.concatenate(draw(world, Setting(n_dims, noise=0.1)).chunks)
    # The mean of the squares has a standard error of at most 1/70 of it.
    assert np.sqrt((moved**2).sum(axis=1).mean()) == pytest.approx(0.1, rel=0.05)


def test_outliers_are_called_nothing_and_lie_anywhere() -> None:
    drawn = draw(WORLDS["ring resampled"], Setting(3, outliers=0.1))
    away = np.linalg.norm(np.concatenate(drawn.chunks), axis=1)
    is_outlier = drawn.names == ""
    assert 0.05 < is_outlier.mean() < 0.15
    np.testing.assert_allclose(away[~is_outlier], 1.0, rtol=1e-5)
    assert away[is_outlier].min() < 4 < away[is_outlier].max() <= 6


def test_an_uneven_shape_is_dense_on_one_side() -> None:
    means = [
        np.linalg.norm(np.concatenate(draw(WORLDS["ring opens"], Setting(2, is_uneven=uneven)).chunks[:8]).mean(axis=0))
        for uneven in (True, False)
    ]
    assert means[0] > 0.1 > means[1]


def test_a_burst_fills_the_window() -> None:
    sizes = [len(chunk) for chunk in draw(WORLDS["ring jumps at once"], Setting()).chunks]
    assert sizes == [CHUNK] * catalogue.FIRST + [WINDOW] + [CHUNK] * (catalogue.NEXT - 1)


def test_a_space_too_small_for_the_shapes_is_refused() -> None:
    with pytest.raises(ValueError, match="sphere loses caps: expected at least 3 dimensions, got 2"):
        draw(WORLDS["sphere loses caps"], Setting(2))


# The score ------------------------------------------------------------------------------------------------------------


def told(kind: str, chunk: int, about: str = "ring", cause: str | None = None, happened: int | None = None) -> Any:
    return watch.Told(kind, cause, chunk, chunk if happened is None else happened, about)


MERGE = inserted("Merge", 8, "left right")
BREAKS = deleted("LoopDeath", 8, "ring", "broken")


def test_what_is_told_in_time_is_found() -> None:
    found = score([told("LoopDeath", 12, cause="broken"), told("Merge", 9, "left", happened=8)], [BREAKS, MERGE])
    assert found == Score(2, (), (), (1, 1))
    assert (found.precision, found.recall) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (told("Split", 9, "left"), "another kind"),
        (told("Merge", 9, "bridge"), "about other points"),
        (told("Merge", 11, "left"), "too late"),
        (told("Merge", 8, "left", happened=7), "too early"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_true_is_a_false_alarm_and_leaves_a_miss(event: Any, why: str) -> None:
    assert score([event], [MERGE]) == Score(0, (event,), (MERGE,), ()), why


def test_a_cause_has_to_be_the_right_one_where_it_is_known() -> None:
    filled = told("LoopDeath", 9, cause="filled")
    assert score([filled], [BREAKS]).found == 0
    assert score([told("Merge", 8, "left", cause="resolution")], [MERGE]).found == 1


def test_what_goes_may_be_told_while_it_thins_out_and_is_not_late_then() -> None:
    assert score([told("LoopDeath", 8, cause="broken")], [BREAKS]).delays == (0,)
    assert score([told("LoopDeath", 13, cause="broken")], [BREAKS]).delays == (2,)
    assert score([told("LoopDeath", 14, cause="broken")], [BREAKS]).missed == (BREAKS,)


def test_one_event_is_told_once() -> None:
    twice = [told("Merge", 8, "left"), told("Merge", 9, "left")]
    assert score(twice, [MERGE]) == Score(1, (twice[1],), (), (0,))
    assert score(twice, [MERGE, MERGE]).found == 2


def test_as_many_as_possible_are_matched() -> None:
    """The first takes what the second could have alone, and has to give it back."""
    assert pair_up(2, 2, lambda left, right: (left, right) in {(0, 0), (0, 1), (1, 0)}) == {0: 1, 1: 0}
    assert pair_up(2, 1, lambda _left, _right: True) == {0: 0}
    assert pair_up(0, 0, lambda _left, _right: True) == {}


def test_scores_add_up_and_nothing_is_no_share() -> None:
    false = told("Split", 5)
    assert (Score().precision, Score().recall) == (None, None)
    both = total([Score(1, (false,), (), (2,)), Score(0, (), (MERGE,), ())])
    assert both == Score(1, (false,), (MERGE,), (2,))
    assert (both.precision, both.recall, both.n_expected) == (0.5, 0.5, 2)


def test_an_alarm_sees_a_moment() -> None:
    world = WORLDS["ring jumps"]  # two moments: from 8 to 10, and from 8 to 13
    assert rivals.moments_seen(world, []) == (0, 0, 2)
    assert rivals.moments_seen(world, [9]) == (1, 0, 2)
    assert rivals.moments_seen(world, [7, 9, 10, 11, 14]) == (2, 2, 2)
    assert rivals.moments_seen(WORLDS["ring drifts"], [5]) == (0, 1, 0)


def test_the_best_threshold_lies_between_change_and_noise() -> None:
    series = [(WORLDS["ring fills"], [0, 0, 0, 0, 0.1, 0.2, 0.1, 0.1, 0.9, 0.1])]
    threshold = rivals.best_threshold(series)
    assert rivals.above(series[0][1], threshold) == [8]


def test_statistics_are_standardised_by_the_first_window() -> None:
    values = rivals.statistics(draw(WORLDS["ring jumps"], Setting(3, 0.1)))
    np.testing.assert_allclose(values[:WINDOW].mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(values[:WINDOW].std(axis=0), 1)
    assert np.abs(values[-WINDOW:].mean(axis=0)).max() > 3


# The tracker ----------------------------------------------------------------------------------------------------------


def run(name: str, setting: Any, **watching: Any) -> Any:
    world = WORLDS[name]
    watched = watch.watch(draw(world, setting), watch.Watching(**watching))
    return table.Run(world, setting, watched, score(watched.told, world.expected))


@pytest.mark.parametrize("name", ["ring jumps", "ring jumps at once"])
def test_a_ring_that_jumps_dies_once_and_is_born_once(name: str) -> None:
    loops = [event.kind for event in run(name, Setting(2, 0.1)).watched.told if event.kind.startswith("Loop")]
    assert sorted(loops) == ["LoopBirth", "LoopDeath"]


@pytest.mark.parametrize("name", WORLDS)
def test_all_is_told_in_time_and_nothing_else(name: str) -> None:
    """At 10 % noise; voids are the one thing that a tracker knows nothing of."""
    watched = run(name, simplest(WORLDS[name], noise=0.1))
    assert watched.started_right
    assert watched.score.false_alarms == ()
    assert {event.kind for event in watched.score.missed} <= {"VoidDeath"}


def test_few_landmarks_and_an_automatic_scale_are_passed_on() -> None:
    own, automatic = (run("ring resampled", Setting(), is_scale_given=given).watched.scale for given in (True, False))
    assert own == WORLDS["ring resampled"].scale != automatic
    blind = run("ring jumps", Setting(2, 0.1), landmarks=0.02)
    assert blind.score.missed


def test_events_about_few_points_are_left_out() -> None:
    setting = Setting(2, 0.05, outliers=0.02)
    every, large = (run("ring resampled", setting, min_mass=mass).watched.told for mass in (1, 12))
    assert len(every) > 0 == len(large)


def test_outliers_can_be_left_to_the_stream() -> None:
    """A landmark of one point counts for nothing; the ring's, of several each, are as they were."""
    setting = Setting(2, 0.05, outliers=0.02)
    every, heavy = (
        run("ring resampled", setting, cover_radius=0.2, margin=0.0, landmark_min_mass=mass) for mass in (None, 3.0)
    )
    assert len(every.watched.told) > 0 == len(heavy.watched.told)
    assert heavy.started_right


# What is printed ------------------------------------------------------------------------------------------------------


def test_the_tables_say_what_was_missed() -> None:
    seen = table.markdown([run("sphere loses caps", Setting(3))])
    assert "| sphere loses caps | 2 of 2 |" in seen
    runs = [run("sphere loses caps", Setting(3), max_dim=1), run("ring resampled", Setting(3), max_dim=1)]
    text = table.markdown(runs)
    assert "| 0% | 3 | 2 | 1 | 1.000 | 0.500 | 1.00, 1 | 2 of 2 |" in text
    assert "| ring resampled | quiet |" in text
    assert "- sphere loses caps, noise 0%, 3 dimensions: missed 1 VoidDeath" in text
    assert "recall 0.500, delay at most 1. The goal of 0.95 and 0.95, with at most two chunks, is not reached." in str(
        table.verdict(runs)
    )
    assert table.verdict(runs[1:]) is None
    assert table.share(0.9499) == "0.949"


def call(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([BENCHMARKS, *sys.path])}
    command = [sys.executable, "-m", "worlds", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_a_table_is_printed_and_the_goal_is_the_status() -> None:
    good = call("ring closes", "--dims", "2", "--noise", "0")
    assert good.returncode == 0, good.stderr
    assert "| 0% | 2 | 1 | 1 | 1.000 | 1.000 | 1.00, 1 | 1 of 1 |" in good.stdout
    bad = call("ring closes", "--dims=2", "--noise=0", "--confirm-after=4")
    assert bad.returncode == 1, bad.stderr
    assert "missed 1 LoopBirth; told falsely 1 LoopBirth (closed)" in bad.stdout


def test_others_are_put_beside() -> None:
    done = call("ring closes", "--dims", "2", "--noise", "0", "--rivals")
    assert done.returncode == 0, done.stderr
    assert "| ring closes | 1 of 1 |" in done.stdout
    assert "best threshold, with hindsight" in done.stdout


def test_a_wrong_name_is_answered_with_those_there_are() -> None:
    done = call("ring sings")
    assert done.returncode == 2
    assert "no world 'ring sings'; there are clusters bridged," in done.stderr


def test_tables_are_appended(tmp_path: Path) -> None:
    sys.path.insert(0, BENCHMARKS)
    try:
        record = importlib.import_module("worlds.record")
    finally:
        sys.path.remove(BENCHMARKS)
    page = tmp_path / "page.md"
    page.write_text("# Title\n")
    record.append(page, record.heading("python -m worlds") + "table\n")
    text = page.read_text()
    assert text.startswith("# Title\n\n## ")
    assert "`python -m worlds`. toposcope" in text
    assert text.endswith("\n\ntable\n")
