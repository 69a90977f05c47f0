"""A ring between threads: in order, bounded, and honest about what it cost."""

import asyncio
import threading
import time

import numpy as np
import pytest

import toposcope as ts
from toposcope.telemetry import JsonlSink, read_jsonl


def chunk(x, n=2):
    return np.full((n, 1), x, dtype=np.float32)


def firsts(ring):
    return [float(np.asarray(piece)[0, 0]) for piece in ring]


def test_chunks_come_out_in_order_and_end_with_the_ring():
    ring = ts.ChunkRing()
    for x in range(5):
        ring.put(chunk(x))
    assert len(ring) == 5
    ring.close()
    ring.close()
    assert not ring.is_exhausted
    assert firsts(ring) == [0, 1, 2, 3, 4]
    assert ring.is_exhausted
    assert ring.get() is None
    with pytest.raises(ValueError, match="put into a closed ring"):
        ring.put(chunk(5))


def test_a_copy_is_taken_unless_the_array_is_given_up():
    ring = ts.ChunkRing()
    mine = chunk(1)
    ring.put(mine)
    mine[:] = 7
    ring.put(mine, copy=False)
    copied, given = ring.get(), ring.get()
    assert copied[0, 0] == 1
    assert given[0, 0] == 7
    assert np.shares_memory(given, mine)
    with pytest.raises(ValueError, match="read-only"):
        mine[:] = 8


def test_what_has_to_be_converted_is_no_longer_the_callers():
    ring = ts.ChunkRing()
    whole = np.ones((2, 1), dtype=np.int64)
    ring.put(whole, copy=False)
    whole[:] = 5
    assert ring.get().tolist() == [[1.0], [1.0]]


def test_a_full_ring_makes_those_who_feed_it_wait():
    ring = ts.ChunkRing(capacity=2)
    ring.put(chunk(0))
    ring.put(chunk(1))
    feeding = threading.Thread(target=ring.put, args=(chunk(2),))
    feeding.start()
    time.sleep(0.05)
    assert feeding.is_alive()
    assert ring.get()[0, 0] == 0
    feeding.join(5)
    assert not feeding.is_alive()
    assert ring.blocked_seconds > 0.04
    assert (ring.n_put, ring.n_dropped, len(ring)) == (3, 0, 2)


def test_a_full_ring_waits_no_longer_than_it_is_told():
    ring = ts.ChunkRing(capacity=1)
    ring.put(chunk(0))
    begun = time.monotonic()
    with pytest.raises(ts.LaggedError, match="chunk: there is no room for it, as 1 others wait") as raised:
        ring.put(chunk(1), timeout=0.03)
    assert time.monotonic() - begun >= 0.03
    assert raised.value.n_missed == 1
    assert (ring.n_put, ring.n_dropped) == (2, 1)
    assert ring.get()[0, 0] == 0


def test_closing_frees_those_who_wait():
    ring = ts.ChunkRing(capacity=1)
    ring.put(chunk(0))
    outcome = []

    def feed():
        try:
            ring.put(chunk(1))
        except ValueError as error:
            outcome.append(str(error))

    feeding = threading.Thread(target=feed)
    feeding.start()
    time.sleep(0.02)
    ring.close()
    feeding.join(5)
    assert outcome == ["put into a closed ring"]
    assert firsts(ring) == [0]


def test_the_oldest_goes_or_the_newest_is_refused():
    oldest = ts.ChunkRing(capacity=2, on_full="drop_oldest")
    for x in range(5):
        oldest.put(chunk(x))
    refusing = ts.ChunkRing(capacity=2, on_full="error")
    refusing.put(chunk(0))
    refusing.put(chunk(1))
    with pytest.raises(ts.LaggedError):
        refusing.put(chunk(2))
    for ring, left in ((oldest, [3, 4]), (refusing, [0, 1])):
        ring.close()
        assert firsts(ring) == left
    assert (oldest.n_put, oldest.n_dropped, oldest.blocked_seconds) == (5, 3, 0)
    assert (refusing.n_put, refusing.n_dropped) == (3, 1)


def test_many_threads_lose_and_double_nothing():
    ring = ts.ChunkRing(capacity=3)
    monitor = ts.Monitor(ts.Stream(n_dims=1, window=10_000))

    def feed(name):
        for n in range(50):
            ring.put(chunk(1000 * name + n, n=1), copy=False)

    threads = [threading.Thread(target=feed, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    closing = threading.Thread(target=lambda: ([thread.join() for thread in threads], ring.close()))
    closing.start()
    n_points = sum(report.n_points for report in monitor.run(ring, chunk_size=16))
    closing.join()
    assert (n_points, monitor.stream.n_seen, ring.n_put) == (200, 200, 200)


def test_a_silent_ring_is_cut_by_time():
    ring = ts.ChunkRing()
    ring.put(chunk(0))
    run = iter(ts.Monitor(ts.Stream(n_dims=1)).run(ring, chunk_seconds=0.02))
    begun = time.monotonic()
    assert next(run).n_points == 2
    assert time.monotonic() - begun < 1
    ring.put(chunk(1, n=3))
    assert next(run).n_points == 3
    ring.close()
    assert list(run) == []


async def test_a_ring_can_be_run_asynchronously():
    ring = ts.ChunkRing(capacity=2)

    def feed():
        for x in range(6):
            ring.put(chunk(x))
        ring.close()

    feeding = threading.Thread(target=feed)
    feeding.start()
    monitor = ts.Monitor(ts.Stream(n_dims=1))
    assert [report.n_points async for report in monitor.run(ring, chunk_size=4, chunk_seconds=None)] == [4, 4, 4]
    feeding.join()


async def test_a_ring_that_falls_silent_holds_up_no_loop():
    ring = ts.ChunkRing()
    ring.put(chunk(0))
    run = aiter(ts.Monitor(ts.Stream(n_dims=1)).run(ring, chunk_seconds=0.01))
    assert (await anext(run)).n_points == 2
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(run), 0.05)
    await run.aclose()
    assert len(asyncio.all_tasks()) == 1
    assert ring._waiters._waiting == []


async def test_many_coroutines_share_a_ring():
    ring = ts.ChunkRing(capacity=4)
    feeding = threading.Thread(target=lambda: ([ring.put(chunk(x)) for x in range(60)], ring.close()))

    async def read():
        return [float(piece[0, 0]) async for piece in ring]

    feeding.start()
    parts = await asyncio.gather(*(read() for _ in range(3)))
    feeding.join()
    assert sorted(x for part in parts for x in part) == list(range(60))
    assert all(part == sorted(part) for part in parts)


def test_a_buffer_is_a_chunk_as_it_is():
    ring = ts.ChunkRing()
    ring.put(chunk(0))
    given = ts.ChunkBuffer(5, 1)
    ring.put(given)
    ring.put(chunk(1))
    ring.close()
    monitor = ts.Monitor(ts.Stream(n_dims=1))
    assert [report.n_points for report in monitor.run(ring, chunk_size=4, chunk_seconds=None)] == [2, 5, 2]
    assert given.is_taken


def test_records_say_who_waits_for_whom(tmp_path):
    ring = ts.ChunkRing(capacity=2)
    sink = JsonlSink(tmp_path / "run.jsonl")
    fed = threading.Event()

    def feed():
        for x in range(6):
            ring.put(chunk(x, n=4))
        ring.close()
        fed.set()

    feeding = threading.Thread(target=feed)
    with ts.Monitor(ts.Stream(n_dims=1), sinks=[sink]) as monitor:
        feeding.start()
        time.sleep(0.05)  # the ring is full by now, and the next one waits
        for _ in monitor.run(ring, chunk_size=4, chunk_seconds=None):
            time.sleep(0.01)
        feeding.join()
        monitor.push(chunk(9))
    records = read_jsonl(sink.path).records
    assert len(records) == 7
    assert all(0 <= record["n_queued_chunks"] <= 2 for record in records)
    assert records[0]["n_queued_chunks"] > 0
    assert sum(record["feed_blocked_seconds"] for record in records) == pytest.approx(ring.blocked_seconds)
    assert ring.blocked_seconds > 0.04
    assert fed.is_set()


def test_records_count_chunks_that_were_lost(tmp_path):
    ring = ts.ChunkRing(capacity=2, on_full="drop_oldest")
    sink = JsonlSink(tmp_path / "run.jsonl")
    with ts.Monitor(ts.Stream(n_dims=1), sinks=[sink]) as monitor:
        monitor.push(chunk(0))
        for x in range(5):
            ring.put(chunk(x))
        run = iter(monitor.run(ring, chunk_size=2, chunk_seconds=None))
        next(run)
        ring.put(chunk(5))
        ring.put(chunk(6))
        ring.close()
        assert len(list(run)) == 2
    assert [(r["n_lost_chunks"], r["n_queued_chunks"]) for r in read_jsonl(sink.path).records] == [
        (0, None),
        (3, 1),
        (1, 1),
        (0, 0),
    ]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"capacity": 0}, ValueError, "capacity: expected an integer of at least 1"),
        ({"capacity": "4"}, TypeError, "capacity: expected an integer"),
        ({"on_full": "coalesce"}, ValueError, "on_full: expected one of block, drop_oldest, error, got 'coalesce'"),
    ],
)
def test_bad_rings_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        ts.ChunkRing(**arguments)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ([[0.0]], TypeError, r"chunk: expected an array of shape \(n_points, n_dims\), got a list"),
        (np.zeros(3), ValueError, r"chunk: expected an array of shape \(n_points, n_dims\), got shape \(3,\)"),
        (np.array([["a"]]), TypeError, "chunk: expected real numbers"),
        (None, TypeError, "chunk: expected real numbers"),
    ],
)
@pytest.mark.parametrize("copy", [True, False])
def test_what_is_no_chunk_is_refused_where_it_is_handed_in(given, error, message, copy):
    ring = ts.ChunkRing()
    with pytest.raises(error, match=message):
        ring.put(given, copy=copy)
    assert (ring.n_put, len(ring)) == (0, 0)


def test_bad_timeouts_are_refused():
    with pytest.raises(TypeError, match="timeout: expected a number"):
        ts.ChunkRing().put(chunk(0), timeout="1")
    with pytest.raises(TypeError, match="timeout: expected a number"):
        ts.ChunkRing().get("1")
