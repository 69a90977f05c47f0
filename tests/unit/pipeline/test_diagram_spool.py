"""Diagrams as they come, and what a kill leaves of them."""

import numpy as np
import pytest

import toposcope as ts
from toposcope.pipeline.diagram_spool import DiagramSpool, read_spool


def diagrams():
    rng = np.random.default_rng(0)
    return [ts.rips(rng.normal(size=(n, 2)), max_dim=1, threshold=2.0) for n in (5, 1, 8)] + [
        ts.Diagram([], [], [], max_dim=1, info=ts.rips(np.zeros((1, 2)), threshold=2.0).info)
    ]


@pytest.fixture(name="spool")
def _spool(tmp_path):
    spool = DiagramSpool(tmp_path / "spool")
    for step, diagram in enumerate(diagrams(), start=1):
        spool.write(step, diagram)
    spool.close()
    spool.close()
    return spool.path


def test_diagrams_come_back_with_what_they_mean(spool):
    assert list(read_spool(spool)) == list(enumerate(diagrams(), start=1))
    assert next(read_spool(spool))[1].info == diagrams()[0].info


def test_a_torn_end_is_not_read(spool):
    content = spool.read_bytes()
    whole = list(enumerate(diagrams(), start=1))
    seen = set()
    for n_bytes in range(len(content) + 1):
        spool.write_bytes(content[:n_bytes])
        found = list(read_spool(spool))
        assert found == whole[: len(found)]
        seen.add(len(found))
    assert seen == set(range(5))


def test_what_was_cut_back_is_gone_on_with(spool):
    content = spool.read_bytes()
    again = DiagramSpool(spool)
    again.write(5, diagrams()[0])
    again.close()
    assert spool.read_bytes().startswith(content)
    assert [step for step, _ in read_spool(spool)] == [1, 2, 3, 4, 5]


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "spool"
    for text in ("hello\n", "[1]\n", '{"shape": 1}\n'):
        path.write_text(text)
        with pytest.raises(ValueError, match="spool: expected the diagrams of a run, got"):
            list(read_spool(path))
