"""The bar of ``progress=True``."""

import io

import pytest

from toposcope import _progress
from toposcope._progress import progress_callback


@pytest.fixture(name="clock")
def _clock(monkeypatch):
    """A clock that is set by hand."""

    class Clock:
        now = 0.0

    monkeypatch.setattr(_progress.time, "monotonic", lambda: Clock.now)
    return Clock


def lines(out):
    return [line.rstrip() for line in out.getvalue().split("\r") if line.strip()]


def test_a_bar_shows_the_stage_the_share_and_the_time_that_is_left(clock, monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(_progress.sys, "stderr", out)
    with progress_callback(True) as bar:
        for clock.now, stage, done in [(0.0, "distances", 0), (1.0, "distances", 2500), (6.0, "sweep", 7500)]:
            bar(stage, done, 10_000)
    empty, quarter, rest = lines(out)
    assert empty == f"distances        [{'.' * 32}]   0%  0.0 s"
    assert quarter == f"distances        [{'#' * 8}{'.' * 24}]  25%  1.0 s, about 3 s left"
    assert rest == f"sweep            [{'#' * 24}{'.' * 8}]  75%  6.0 s, about 2 s left"
    assert out.getvalue().endswith("\r")


def test_a_bar_is_not_drawn_more_often_than_anybody_can_see(clock, monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(_progress.sys, "stderr", out)
    with progress_callback(True) as bar:
        for done in range(100):
            clock.now = done / 1000
            bar("sweep", done, 100)
    assert len(lines(out)) == 1


def test_a_bar_that_was_never_drawn_leaves_no_trace(monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(_progress.sys, "stderr", out)
    with progress_callback(True):
        pass
    assert not out.getvalue()
