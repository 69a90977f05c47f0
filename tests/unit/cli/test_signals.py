"""When a signal stops what."""

import signal

import pytest

from toposcope.cli.signals import Stopped, Stopper


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
    before = [signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM)]
    with Stopper():
        assert signal.getsignal(signal.SIGINT) is not before[0]
    assert [signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM)] == before
