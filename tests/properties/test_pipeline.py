"""The pipeline's invariants, for whatever is thrown at it."""

from __future__ import annotations

import io
import json
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toposcope.exceptions import LaggedError
from toposcope.pipeline.chunks import ChunkCutter, cut
from toposcope.pipeline.items import ItemStore
from toposcope.pipeline.sources import open_source
from toposcope.pipeline.subscription import Subscription
from toposcope.telemetry import JsonlSink, read_jsonl

in_a_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

# Cutting --------------------------------------------------------------------------------------------------------------


@given(blocks=st.lists(st.integers(0, 25), max_size=12), chunk_size=st.integers(1, 20))
def test_cutting_loses_and_reorders_nothing(blocks, chunk_size):
    rows = np.arange(sum(blocks), dtype=np.float32)[:, np.newaxis]
    source = np.split(rows, np.cumsum(blocks)[:-1]) if blocks else []
    chunks = list(cut(source, ChunkCutter(chunk_size, None)))
    np.testing.assert_array_equal(np.concatenate([rows[:0], *chunks]), rows)
    assert all(len(chunk) == chunk_size for chunk in chunks[:-1])
    assert all(1 <= len(chunk) <= chunk_size for chunk in chunks)


# Subscriptions --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    seq: int
    identities: tuple
    kind: str = "Event"
    confidence: float = 1.0


@given(
    actions=st.lists(st.one_of(st.just("drain"), st.integers(0, 2)), max_size=60),
    capacity=st.integers(1, 5),
    on_lag=st.sampled_from(["drop_oldest", "error", "coalesce"]),
)
def test_every_event_is_collected_dropped_or_coalesced(actions, capacity, on_lag):
    subscription = Subscription(capacity=capacity, on_lag=on_lag)
    collected, offered = [], []
    for seq, action in enumerate([*actions, "drain", "drain"]):
        if action == "drain":
            with suppress(LaggedError) if on_lag == "error" else nullcontext():
                collected += subscription.drain()
        else:
            offered.append(seq)
            subscription.offer(Event(seq, (action,)))
        assert len(subscription) <= capacity
    seqs = [event.seq for event in collected]
    assert seqs == sorted(set(seqs))
    assert set(seqs) <= set(offered)
    assert subscription.n_received == len(offered)
    assert len(offered) == len(seqs) + subscription.n_dropped + subscription.n_coalesced
    assert not offered or offered[-1] in seqs  # the newest is never the one to go


# Items ----------------------------------------------------------------------------------------------------------------


@given(steps=st.lists(st.tuples(st.integers(0, 5), st.sets(st.integers(0, 40))), max_size=15), most=st.integers(0, 6))
def test_items_of_landmarks_alive_are_always_there(steps, most):
    store, first, alive = ItemStore(n_remembered=most, keep_points=True), 0, set()
    for n_points, kept in steps:
        ids = range(first, first + n_points)
        alive = {i for i in (*alive, *ids) if i in kept}
        points = np.array([[float(i), 0.0] for i in ids]).reshape(-1, 2)
        store.keep(first, [f"item {i}" for i in ids], sorted(alive), points, n_points)
        first += n_points
        assert store.items(sorted(alive)) == [f"item {i}" for i in sorted(alive)]
        places = store.points(sorted(alive))
        assert (places is None) == (not alive)
        assert places is None or places[:, 0].tolist() == sorted(alive)
        assert len(store) <= len(alive) + most


# Telemetry ------------------------------------------------------------------------------------------------------------


@in_a_folder
@given(damage=st.binary(max_size=200), torn_at=st.integers(0, 400))
def test_records_survive_any_damage_before_them(tmp_path, damage, torn_at):
    path = tmp_path / "run.jsonl"
    path.write_bytes(damage)
    n_before = len(read_jsonl(path).records)
    with JsonlSink(path) as sink:
        for seq in range(3):
            sink.write({"seq": seq})
    records = read_jsonl(path).records
    assert records[n_before:] == [{"seq": 0}, {"seq": 1}, {"seq": 2}]
    whole = path.read_bytes()
    path.write_bytes(whole[:torn_at])  # and however it is torn, only the torn line is lost
    assert read_jsonl(path).records == records[: len(read_jsonl(path).records)]


# Sources --------------------------------------------------------------------------------------------------------------

NASTY_TEXT = st.text(st.sampled_from('{}[]",:0123456789.eE+-naif \n\rtextvcorémbdg'), max_size=120)


def read(path):
    with closing(open_source(path)) as source:
        for batch in source.batches(3, linger=0.0):
            assert (batch.vectors is None) == (source.kind == "text")
            if batch.vectors is not None:
                assert batch.vectors.shape[0] == len(batch.items)
                assert np.isfinite(batch.vectors).all()


@in_a_folder
@pytest.mark.filterwarnings("ignore:.*read as text, though it looks like numbers")
@pytest.mark.parametrize("ending", ["txt", "jsonl", "csv", "npy", "parquet"])
@given(content=st.one_of(st.binary(max_size=120), NASTY_TEXT.map(str.encode)))
def test_any_bytes_are_read_or_refused_by_name(tmp_path, ending, content):
    path = tmp_path / f"any.{ending}"
    path.write_bytes(content)
    read_or_refused(path)


def valid_bytes(ending):
    """Return a good file of each binary format."""
    buffer = io.BytesIO()
    if ending == "npy":
        np.save(buffer, np.arange(12, dtype=np.float32).reshape(6, 2))
    else:
        arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        table = {"x": [0.5, 1.5, 2.5, 3.5], "vector": [[1.0, 2.0]] * 4, "text": ["a", "b", "c", "d"]}
        parquet.write_table(arrow.table(table), buffer)
    return buffer.getvalue()


@pytest.mark.filterwarnings("ignore:Reading `.npy`")
@in_a_folder
@pytest.mark.parametrize("ending", ["npy", "parquet"])
@given(data=st.data())
def test_damaged_files_are_read_or_refused_by_name(tmp_path, ending, data):
    content = bytearray(valid_bytes(ending))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / f"damaged.{ending}"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content)
    read_or_refused(path)


def read_or_refused(path):
    refusal = ""
    try:
        read(path)
    except ValueError as error:
        refusal = str(error)
    assert not refusal or (str(path) in refusal and "expected" in refusal)


@in_a_folder
@given(rows=st.lists(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=2), min_size=1))
def test_numbers_come_back_to_the_last_bit(tmp_path, rows):
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"vector": row}) + "\n" for row in rows))
    (tmp_path / "a.csv").write_text("x,y\n" + "".join(f"{x!r},{y!r}\n" for x, y in rows))
    for name in ("a.jsonl", "a.csv"):
        with closing(open_source(tmp_path / name)) as source:
            found = np.concatenate([batch.vectors for batch in source.batches(7, linger=0.0)])
        np.testing.assert_array_equal(found, rows)
