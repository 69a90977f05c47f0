"""A checkpoint is read as what was written, or not at all, whatever the file holds."""

import hashlib
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import toposcope as ts
from toposcope.safety import CheckpointManager, checkpoint_file
from toposcope.safety.checkpoint_file import read_checkpoint

HEAD = checkpoint_file._HEAD
IN_ONE_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture(name="path", scope="module")
def _path(tmp_path_factory) -> Path:
    monitor = ts.Monitor(ts.Stream(2, window=20), ts.CobordismTracker(scale=1.0))
    monitor.push(np.random.default_rng(0).normal(size=(30, 2)), items=[{"row": i} for i in range(30)])
    with CheckpointManager(tmp_path_factory.mktemp("checkpoints")) as manager:
        return manager.save(monitor, metrics={"loss": 1.0}).path


@pytest.fixture(name="content", scope="module")
def _content(path) -> bytes:
    return path.read_bytes()


@IN_ONE_FOLDER
@given(data=st.data())
def test_damaged_bytes_are_never_read(path, content, data) -> None:
    changed = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(changed) - 1))
        match data.draw(st.sampled_from(["flip", "cut", "insert", "remove"])):
            case "flip":
                changed[at] ^= data.draw(st.integers(1, 255))
            case "cut":
                del changed[max(at, 1) :]
            case "insert":
                changed[at:at] = data.draw(st.binary(min_size=1, max_size=9))
            case "remove":
                del changed[at : at + 1 if len(changed) > 1 else at]
    path.write_bytes(changed)
    if changed == content:
        assert read_checkpoint(path).metadata.step == 1
    else:
        with pytest.raises(ts.CheckpointError):
            read_checkpoint(path)


@IN_ONE_FOLDER
@given(
    content=st.one_of(st.binary(max_size=200), st.binary(max_size=200).map(lambda rest: checkpoint_file.MAGIC + rest))
)
def test_any_bytes_are_refused(path, content) -> None:
    path.write_bytes(content)
    with pytest.raises(ts.CheckpointError):
        read_checkpoint(path)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = ["step", "n_seen", "time", "version", "config_hash", "config", "metrics", "facts", "sections", "sha256"]
FACTS = ["run_id", "n_pushes", "n_events", "n_sink_failures", "tracked_step", "item_ids"]


@IN_ONE_FOLDER
@given(field=st.sampled_from(FIELDS + [f"facts.{name}" for name in FACTS]), value=ANY_JSON)
def test_metadata_that_are_signed_and_wrong_raise_no_other_error(path, content, field, value) -> None:
    """Whoever can write the file can write its digest too."""
    length = struct.unpack("<Q", content[HEAD.size - 40 : HEAD.size - 32])[0]
    values = json.loads(content[HEAD.size : HEAD.size + length])
    owner = values["facts"] if field.startswith("facts.") else values
    owner[field.removeprefix("facts.")] = value
    text = json.dumps(values).encode()
    head = HEAD.pack(checkpoint_file.MAGIC, checkpoint_file.FORMAT, len(text), hashlib.sha256(text).digest())
    path.write_bytes(head + text + content[HEAD.size + length :])
    try:
        monitor = ts.Monitor.restore(read_checkpoint(path))
    except ts.CheckpointError:
        return
    assert monitor.push(np.zeros((1, 2))).step == 2
