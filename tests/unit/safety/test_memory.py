"""What memory this process takes, from wherever it can be known."""

import gc
import mmap
import sys
import types
from pathlib import Path

import pytest

from toposcope.safety import memory

MISSING = Path("/nonexistent/file")


@pytest.fixture(autouse=True)
def _ask_anew():
    memory._psutil_process.cache_clear()
    yield
    memory._psutil_process.cache_clear()


def test_what_is_allocated_is_seen():
    gc.collect()  # what others left must not be given back in between
    before = memory.resident_bytes()
    # Pages of its own: an array might get some that are resident already.
    with mmap.mmap(-1, 32 * 2**20) as held:
        held.write(b"1" * len(held))
        assert memory.resident_bytes() - before >= 0.9 * len(held)


def test_without_proc_psutil_is_asked(monkeypatch):
    process = types.SimpleNamespace(memory_info=lambda: types.SimpleNamespace(rss=12345))
    monkeypatch.setitem(sys.modules, "psutil", types.SimpleNamespace(Process=lambda: process))
    monkeypatch.setattr(memory, "_STATM", MISSING)
    assert memory.resident_bytes() == 12345


def test_without_either_it_is_the_peak(monkeypatch):
    monkeypatch.setitem(sys.modules, "psutil", None)
    now = memory.resident_bytes()
    monkeypatch.setattr(memory, "_STATM", MISSING)
    assert memory.resident_bytes() >= 0.9 * now


@pytest.mark.parametrize(("text", "expected"), [("4096\n", 4096), ("max\n", None)])
def test_a_control_group_may_give_less_than_the_machine_has(monkeypatch, tmp_path, text, expected):
    machine = memory.machine_bytes()
    limit = tmp_path / "memory.max"
    limit.write_text(text)
    monkeypatch.setattr(memory, "_GROUP_LIMITS", (limit, MISSING))
    assert memory.machine_bytes() == (expected or memory.machine_bytes())
    assert memory.machine_bytes() >= (expected or machine)
