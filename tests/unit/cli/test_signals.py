"""When a signal stops what."""

import signal
import time

import pytest

from toposcope.cli import signals
from toposcope.cli.signals import GraceOver, Stopped, Stopper


@pytest.fixture(autouse=True)
def _ctrl_c_is_heeded():
    """It may be ignored where the tests run."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_stops_what_can_be_stopped(signum, code):
    with Stopper() as stopper:
        assert stopper.exit_code == 0
        with pytest.raises(Stopped):
            signal.raise_signal(signum)
        assert stopper.exit_code == code


def test_what_has_begun_is_finished():
    with Stopper() as stopper:
        with stopper.busy():
            signal.raise_signal(signal.SIGINT)
        assert stopper.signum == signal.SIGINT


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_the_second_signal_stops_at_once(signum):
    with Stopper() as stopper, stopper.busy():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signum)


def test_nobody_who_catches_exceptions_catches_a_stop():
    assert not issubclass(Stopped, Exception)


def test_handlers_are_put_back():
    signums = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
    before = [signal.getsignal(signum) for signum in signums]
    with Stopper():
        assert signal.getsignal(signal.SIGINT) is not before[0]
    assert [signal.getsignal(signum) for signum in signums] == before


def hang(signum):
    """Do for long what a signal has come to end."""
    if signum is not None:
        signal.raise_signal(signum)
    time.sleep(30)


def test_what_can_be_broken_off_is_so_after_a_while(monkeypatch):
    monkeypatch.setattr(signals, "PATIENCE_SECONDS", 0.05)
    with Stopper() as stopper:
        with pytest.raises(Stopped), stopper.busy(is_breakable=True):
            hang(signal.SIGTERM)
        with stopper.busy(is_breakable=True):
            time.sleep(0.1)  # only the signal starts the clock


def test_what_ends_in_time_is_not_disturbed(monkeypatch):
    monkeypatch.setattr(signals, "PATIENCE_SECONDS", 0.05)
    with Stopper() as stopper:
        with stopper.busy(is_breakable=True):
            signal.raise_signal(signal.SIGTERM)
        with stopper.busy():
            time.sleep(0.1)


@pytest.mark.parametrize("is_before", [True, False])
def test_the_grace_ends_some_time_after_the_signal(monkeypatch, is_before):
    monkeypatch.setattr(signals, "GRACE_SECONDS", 0.1)
    with Stopper() as stopper:
        if is_before:
            with pytest.raises(Stopped):
                signal.raise_signal(signal.SIGTERM)
        with pytest.raises(GraceOver), stopper.grace():
            hang(None if is_before else signal.SIGTERM)
        time.sleep(0.15)  # and no alarm is left behind


def test_without_a_signal_there_is_all_the_time(monkeypatch):
    monkeypatch.setattr(signals, "GRACE_SECONDS", 0.01)
    with Stopper() as stopper, stopper.grace():
        time.sleep(0.05)
    assert stopper.exit_code == 0


def test_the_last_signal_is_what_the_exit_code_tells():
    with Stopper() as stopper, stopper.busy():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        assert stopper.exit_code == 143
