"""Memory that is lent and taken: nobody sees it any more when the engine reads it."""

import ctypes
import gc
import io
import sys
import threading

import numpy as np
import pytest

import toposcope as ts

F_CONTIGUOUS = 0x40 | 0x10 | 0x08
"""What C code asks for that wants columns: of the buffer protocol, and nowhere in Python."""


def filled(points):
    buffer = ts.ChunkBuffer(*points.shape)
    np.asarray(buffer)[:] = points
    return buffer


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_a_push_of_a_buffer_is_that_of_its_array(metric):
    rng = np.random.default_rng(0)
    taken, copied = (ts.Stream(n_dims=5, window=200, max_landmarks=40, metric=metric) for _ in range(2))
    for _ in range(5):
        points = rng.normal(size=(60, 5)).astype(np.float32)
        one, other = taken.push(filled(points)), copied.push(points)
        assert one.diagram == other.diagram
        assert np.array_equal(one.landmark_radii, other.landmark_radii)


def test_what_arrays_it_gives():
    buffer = ts.ChunkBuffer(3, 4)
    array = np.asarray(buffer)
    assert (array.shape, array.dtype, array.strides) == ((3, 4), np.float32, (16, 4))
    assert not array.any()
    assert np.shares_memory(array, np.asarray(buffer))
    view = memoryview(buffer)
    assert (view.format, view.shape, view.strides, view.nbytes, view.readonly) == ("f", (3, 4), (16, 4), 48, False)
    assert (buffer.shape, len(buffer), repr(buffer)) == ((3, 4), 3, "ChunkBuffer(3, 4)")


def test_columns_one_after_the_other_are_not_to_be_had():
    get_buffer = ctypes.pythonapi.PyObject_GetBuffer
    get_buffer.argtypes = [ctypes.py_object, ctypes.c_void_p, ctypes.c_int]
    buffer = ts.ChunkBuffer(3, 4)
    with pytest.raises(BufferError, match="rows lie one after the other"):
        get_buffer(buffer, ctypes.create_string_buffer(256), F_CONTIGUOUS)
    assert ts.Stream(n_dims=4).push(buffer).n_points == 3


def test_it_can_be_read_into():
    points = np.arange(6, dtype=np.float32).reshape(3, 2)
    buffer = ts.ChunkBuffer(3, 2)
    assert io.BytesIO(points.tobytes()).readinto(buffer) == 24
    assert np.array_equal(np.asarray(buffer), points)
    assert ts.Stream(n_dims=2).push(buffer).n_points == 3


@pytest.mark.parametrize("look", [np.asarray, memoryview, lambda b: np.asarray(b)[1:, ::-1], lambda b: [np.asarray(b)]])
def test_who_looks_keeps_it_from_being_taken(look):
    stream, buffer = ts.Stream(n_dims=2), ts.ChunkBuffer(3, 2)
    seen = look(buffer)
    with pytest.raises(
        ValueError, match=r"chunk: expected a ChunkBuffer that nobody looks at any more, got .* alive: 1"
    ):
        stream.push(buffer)
    assert (stream.n_seen, buffer.is_taken) == (0, False)
    del seen
    gc.collect()
    assert stream.push(buffer).n_points == 3


def test_what_is_taken_is_gone():
    stream, buffer = ts.Stream(n_dims=2), ts.ChunkBuffer(3, 2)
    stream.push(buffer)
    assert buffer.is_taken
    assert repr(buffer) == "ChunkBuffer(3, 2): taken"
    with pytest.raises(ValueError, match="chunk: expected a ChunkBuffer with points, got one that was pushed before"):
        stream.push(buffer)
    with pytest.raises(BufferError, match="there is nothing to look at any more"):
        memoryview(buffer)
    assert stream.n_seen == 3


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (np.array([[0, np.nan]], dtype=np.float32), "chunk: expected .*finite"),
        (np.zeros((2, 3), dtype=np.float32), "chunk: expected 2 coordinates per point"),
    ],
)
def test_a_refused_buffer_is_taken_all_the_same(points, message):
    stream, buffer = ts.Stream(n_dims=2), filled(points)
    with pytest.raises(ValueError, match=message):
        stream.push(buffer)
    assert (stream.n_seen, stream.step, buffer.is_taken) == (0, 0, True)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((-1, 2), ValueError, "n_points: expected an integer of at least 0, got -1"),
        ((1, 0), ValueError, "n_dims: expected an integer of at least 1, got 0"),
        ((1.0, 2), TypeError, "n_points: expected an integer, got 1.0"),
        ((2**62, 2), ValueError, "n_points: expected an integer of at most"),
    ],
)
def test_bad_sizes_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        ts.ChunkBuffer(*arguments)


def test_a_size_that_no_machine_has_is_a_memory_error():
    with pytest.raises(MemoryError):
        ts.ChunkBuffer(2**58, 2)
    with pytest.raises(MemoryError):
        ts.ChunkBuffer(0, 2**62)


def test_no_points_are_fine():
    stream = ts.Stream(n_dims=2)
    assert stream.push(ts.ChunkBuffer(0, 2)).n_points == 0


def test_it_holds_no_reference_to_itself():
    buffer = ts.ChunkBuffer(3, 2)
    before = sys.getrefcount(buffer)
    for _ in range(100):
        np.asarray(buffer)[:] = 1
        bytes(buffer)
    assert sys.getrefcount(buffer) == before


def test_two_threads_take_it_once():
    stream = ts.Stream(n_dims=2, window=10_000)
    for _ in range(50):
        buffer, outcome = ts.ChunkBuffer(100, 2), []

        def push(buffer=buffer, outcome=outcome):
            try:
                outcome.append(stream.push(buffer).n_points)
            except ValueError:
                outcome.append(0)

        threads = [threading.Thread(target=push) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcome) == [0, 100]
