"""Wrong limits are named, and sizes become bytes."""

import math

import pytest

import toposcope as ts
from toposcope.safety import limits
from toposcope.safety.memory import machine_bytes

GuardConfig = ts.safety.GuardConfig


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"memory": "lots"}, ValueError, 'memory: expected a size such as "64MiB" or "2GB", got \'lots\''),
        ({"memory": 0}, ValueError, "memory: expected an integer of at least 1, got 0"),
        ({"memory": 1.5}, TypeError, "memory: expected an integer, got 1.5"),
        ({"latency": 0}, ValueError, "latency: expected a finite number of seconds above 0, got 0"),
        ({"latency": math.nan}, ValueError, "latency: expected a finite number of seconds above 0, got nan"),
        ({"latency": "slow"}, TypeError, "latency: expected a number, got 'slow'"),
        ({"queue": 0}, ValueError, "queue: expected an integer of at least 1, got 0"),
        ({"simplices": True}, TypeError, "simplices: expected an integer, got True"),
        ({"growth": 1}, ValueError, "growth: expected a finite factor above 1, got 1"),
        ({"growth_pushes": 7}, ValueError, "growth_pushes: expected an integer of at least 8, got 7"),
        ({"patience": 0}, ValueError, "patience: expected an integer of at least 1, got 0"),
        ({"non_finite": 1}, TypeError, "non_finite: expected True or False, got 1"),
        ({"on_trip": "explode"}, ValueError, "on_trip: expected one of raise, warn, got 'explode'"),
    ],
)
def test_a_wrong_limit_is_named(arguments, error, message):
    with pytest.raises(error, match=message):
        GuardConfig(**arguments)


def test_limits_cannot_be_changed():
    with pytest.raises(AttributeError):
        GuardConfig().latency = 1.0


def test_memory_is_in_bytes():
    assert GuardConfig(memory="64MiB").memory_bytes == 64 * 2**20
    assert GuardConfig(memory=12345).memory_bytes == 12345
    assert GuardConfig(memory=None).memory_bytes is None


def test_by_default_memory_is_most_of_what_there_is():
    assert GuardConfig().memory_bytes == int(0.8 * machine_bytes())


def test_where_nobody_knows_what_there_is_nothing_is_a_limit(monkeypatch):
    monkeypatch.setattr(limits, "machine_bytes", lambda: None)
    assert GuardConfig().memory_bytes is None


def test_plain_values_make_it_again():
    config = GuardConfig(memory="1GiB", queue=None, on_trip="warn")
    assert GuardConfig(**config.to_dict()) == config
