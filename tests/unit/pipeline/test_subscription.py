"""What a reader gets, and what he does to the writer, under every lag policy."""

import asyncio
import threading
import time
from dataclasses import dataclass

import pytest

from toposcope.exceptions import LaggedError
from toposcope.pipeline.subscription import Subscription


@dataclass(frozen=True)
class Event:
    seq: int
    identities: tuple = ()
    confidence: float = 1.0

    @property
    def kind(self):
        return type(self).__name__


class Split(Event):
    pass


class Merge(Event):
    pass


def offer_all(subscription, n, kind=Split):
    for seq in range(n):
        subscription.offer(kind(seq, identities=(seq,)))


def seqs(events):
    return [event.seq for event in events]


def test_drain_gives_events_once_and_in_order():
    subscription = Subscription()
    offer_all(subscription, 3)
    assert len(subscription) == 3
    assert seqs(subscription.drain()) == [0, 1, 2]
    assert subscription.drain() == []
    assert (subscription.n_received, subscription.n_dropped) == (3, 0)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (None, [0, 1, 2]),
        ({Split}, [0, 2]),
        ({"Split"}, [0, 2]),
        ({Split, "Merge"}, [0, 1, 2]),
        ({Event}, [0, 1, 2]),  # a base class stands for all its kinds
        (set(), []),
    ],
)
def test_only_the_kinds_asked_for(kinds, expected):
    subscription = Subscription(kinds=kinds)
    for event in (Split(0), Merge(1), Split(2)):
        subscription.offer(event)
    assert seqs(subscription.drain()) == expected
    assert subscription.n_received == len(expected)


def test_only_events_that_are_confident_enough():
    subscription = Subscription(min_confidence=0.5)
    for seq, confidence in enumerate((0.0, 0.5, 0.499, 1.0)):
        subscription.offer(Split(seq, confidence=confidence))
    assert seqs(subscription.drain()) == [1, 3]


def test_drop_oldest_keeps_the_newest_and_counts():
    subscription = Subscription(capacity=3)
    offer_all(subscription, 10)
    assert seqs(subscription.drain()) == [7, 8, 9]
    assert (subscription.n_received, subscription.n_dropped) == (10, 7)


def test_error_tells_the_reader_once_and_goes_on():
    subscription = Subscription(capacity=2, on_lag="error")
    offer_all(subscription, 5)
    with pytest.raises(LaggedError, match="3 events were dropped") as caught:
        subscription.drain()
    assert caught.value.n_missed == 3
    assert seqs(subscription.drain()) == [3, 4]
    offer_all(subscription, 3)
    with pytest.raises(LaggedError):
        next(iter(subscription))
    assert next(iter(subscription)).seq == 1


def test_coalesce_keeps_the_newest_of_every_subject():
    subscription = Subscription(capacity=3, on_lag="coalesce")
    for seq, identity in enumerate((7, 8, 7, 7)):
        subscription.offer(Split(seq, identities=(identity,)))
    assert seqs(subscription.drain()) == [1, 3]  # of the three about 7 only the last
    assert (subscription.n_coalesced, subscription.n_dropped) == (2, 0)


def test_coalesce_drops_the_oldest_when_every_subject_is_its_own():
    subscription = Subscription(capacity=2, on_lag="coalesce")
    subscription.offer(Split(0, identities=(1,)))
    subscription.offer(Merge(1, identities=(1,)))
    subscription.offer(Split(2, identities=(2,)))
    assert seqs(subscription.drain()) == [1, 2]
    assert (subscription.n_coalesced, subscription.n_dropped) == (0, 1)


def test_block_makes_the_writer_wait_for_the_reader():
    subscription = Subscription(capacity=2, on_lag="block")
    writer = threading.Thread(target=offer_all, args=(subscription, 50))
    writer.start()
    collected = []
    for event in subscription.events(timeout=5):
        collected.append(event.seq)
        if len(collected) == 50:
            break
    writer.join(timeout=5)
    assert collected == list(range(50))
    assert subscription.n_dropped == 0


def test_closing_frees_a_writer_that_waits():
    subscription = Subscription(capacity=1, on_lag="block")
    subscription.offer(Split(0))
    writer = threading.Thread(target=subscription.offer, args=(Split(1),))
    writer.start()
    time.sleep(0.02)
    assert writer.is_alive()
    subscription.close()
    writer.join(timeout=5)
    assert not writer.is_alive()
    assert seqs(subscription.drain()) == [0]


def test_iteration_waits_for_events_and_ends_with_close():
    subscription = Subscription()

    def write():
        for seq in range(3):
            time.sleep(0.005)
            subscription.offer(Split(seq))
        subscription.close()

    threading.Thread(target=write).start()
    assert seqs(subscription) == [0, 1, 2]


def test_iteration_with_a_timeout_ends_in_silence():
    subscription = Subscription()
    offer_all(subscription, 2)
    started = time.monotonic()
    assert seqs(subscription.events(timeout=0.05)) == [0, 1]
    assert 0.04 <= time.monotonic() - started < 2


def test_what_is_left_is_given_out_after_close():
    subscription = Subscription()
    offer_all(subscription, 2)
    subscription.close()
    subscription.offer(Split(9))
    assert subscription.closed
    assert seqs(subscription) == [0, 1]
    assert subscription.n_received == 2


def test_close_reports_once_and_with_closes():
    closed = []
    with Subscription(on_close=closed.append) as subscription:
        pass
    subscription.close()
    assert closed == [subscription]


async def test_async_iteration_is_woken_from_another_thread():
    subscription = Subscription()

    def write():
        for seq in range(5):
            time.sleep(0.003)
            subscription.offer(Split(seq))
        subscription.close()

    threading.Thread(target=write).start()
    assert [event.seq async for event in subscription] == [0, 1, 2, 3, 4]


async def test_a_cancelled_async_reader_leaves_the_subscription_usable():
    subscription = Subscription()

    async def read():
        return [event.seq async for event in subscription]

    reader = asyncio.create_task(read())
    await asyncio.sleep(0.01)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    offer_all(subscription, 2)
    subscription.close()
    assert await read() == [0, 1]


def test_a_loop_that_has_gone_does_not_stop_the_writer():
    subscription = Subscription()

    async def start_reading():
        reader = asyncio.create_task(anext(aiter(subscription)))
        await asyncio.sleep(0.01)
        return reader

    loop = asyncio.new_event_loop()
    reader = loop.run_until_complete(start_reading())
    reader.cancel()
    loop.run_until_complete(asyncio.gather(reader, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
    subscription.offer(Split(0))
    assert seqs(subscription.drain()) == [0]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"kinds": "Split"}, TypeError, "kinds: expected a set"),
        ({"kinds": Split}, TypeError, "kinds: expected a set"),
        ({"kinds": {3}}, TypeError, "kinds: expected event classes or their names, got 3"),
        ({"kinds": 3}, TypeError, "kinds: expected a set"),
        ({"kinds": {"Splitt"}}, ValueError, "kinds: expected some of .*LoopBirth, .* got Splitt"),
        ({"kinds": {int}}, ValueError, "kinds: .* got int"),
        ({"min_confidence": "high"}, TypeError, "min_confidence: expected a number, got 'high'"),
        ({"min_confidence": 1.5}, ValueError, "min_confidence: expected a number from 0 to 1, got 1.5"),
        ({"min_confidence": float("nan")}, ValueError, "min_confidence"),
        ({"capacity": 0}, ValueError, "capacity: expected an integer of at least 1, got 0"),
        ({"capacity": 2.0}, TypeError, "capacity: expected an integer"),
        ({"on_lag": "wait"}, ValueError, "on_lag: expected one of drop_oldest, block, error, coalesce, got 'wait'"),
    ],
)
def test_bad_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        Subscription(**arguments)
