"""Finding ONNX Runtime, leaving it alone until it is needed, processes that come and go; in fresh interpreters."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

MODELS = Path(__file__).parents[2] / "data" / "models"
LOAD = f"""
import warnings; warnings.simplefilter("ignore")
from toposcope import ModelError, embedding
from toposcope.embedding import QwenEmbedder, _arguments
def load(**arguments):
    return QwenEmbedder({str(MODELS / "tiny_qwen2_2l.onnx")!r}, **arguments)
"""


SETTINGS = ("TOPOSCOPE_ORT_PATH", "ORT_DYLIB_PATH", "ORT_DISABLE_TELEMETRY")


def run(script: str, **environment: str) -> subprocess.CompletedProcess:
    kept = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    command = [sys.executable, "-c", LOAD + script]
    return subprocess.run(command, env=kept | environment, capture_output=True, text=True, timeout=60, check=False)


def output(script: str, **environment: str) -> str:
    result = run(script, **environment)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def failure(script: str, **environment: str) -> str:
    return output(f"try:\n    {script}\nexcept ModelError as error:\n    print(error)", **environment)


def test_importing_and_hashing_load_no_runtime():
    script = """
import sys
embedding.HashingEmbedder().embed(["a text"])
print([name for name in ("onnxruntime", "onnx", "tokenizers") if name in sys.modules])
print(any("onnxruntime" in line for line in open("/proc/self/maps")) if sys.platform == "linux" else False)
"""
    assert output(script) == "[]\nFalse"


def test_the_library_of_the_wheel_is_found_without_importing_it():
    found = output('import sys; print(load().info()["runtime"]); print("onnxruntime" in sys.modules)').splitlines()
    assert "/onnxruntime/capi/" in Path(found[0]).as_posix()
    assert found[1] == "False"


def test_a_missing_runtime_says_what_to_install():
    message = failure("_arguments._wheel_libraries = list; load()")
    assert "ONNX Runtime 1.23 or later is needed" in message
    assert 'pip install "toposcope[embed]"' in message
    assert "no path was given and no `onnxruntime` wheel is installed" in message


def test_everything_tried_is_listed(tmp_path):
    no_library = tmp_path / "libonnxruntime.so"
    no_library.write_text("not a library")
    message = failure(
        f"_arguments._wheel_libraries = lambda: [{str(no_library)!r}]; load()", ORT_DYLIB_PATH="libonnxruntime.so"
    )
    assert "ORT_DYLIB_PATH libonnxruntime.so (not an absolute path)" in message
    assert f"onnxruntime wheel {no_library} (failed to load" in message


def test_nothing_is_sent_and_nothing_is_kept_in_the_home_folder(tmp_path):
    assert output('import os; load().feed("a"); print(os.environ["ORT_DISABLE_TELEMETRY"])', HOME=str(tmp_path)) == "1"
    assert list(tmp_path.rglob("*")) == []
    assert (
        output('import os; load(); print(os.environ["ORT_DISABLE_TELEMETRY"])', ORT_DISABLE_TELEMETRY="true") == "true"
    )


OLD_LIBRARY = """
struct base { const void *(*api)(unsigned); const char *(*version)(void); };
static const void *api(unsigned version) { return 0; }
static const char *version(void) { return "1.22.1"; }
static const struct base base = {api, version};
const struct base *OrtGetApiBase(void) { return &base; }
"""


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_a_library_that_is_too_old_is_refused(tmp_path):
    source, library = tmp_path / "old.c", tmp_path / "libonnxruntime.so.1.22.1"
    source.write_text(OLD_LIBRARY)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    message = failure("load()", TOPOSCOPE_ORT_PATH=str(library))
    assert f"TOPOSCOPE_ORT_PATH {library}" in message
    assert "expected version >= '1.23.x', but got '1.22.1'" in message


@pytest.mark.parametrize("how", ["argument", "variable"])
def test_a_path_that_was_chosen_is_not_replaced(how):
    if how == "argument":
        message = failure('load(runtime_path="/no/such/library")')
        assert "runtime_path /no/such/library (no such file)" in message
    else:
        message = failure("load()", TOPOSCOPE_ORT_PATH="/no/such/library")
        assert "TOPOSCOPE_ORT_PATH /no/such/library (no such file)" in message
    assert "wheel" not in message


def test_a_failed_search_may_be_repeated_and_the_first_success_stays():
    script = """
wheel = _arguments._wheel_libraries()[0]
try:
    load(runtime_path="/no/such/library")
except ModelError:
    load(runtime_path=wheel)
load()
try:
    load(runtime_path="/another/library")
except ValueError as error:
    print(error)
"""
    message = output(script)
    assert message.startswith("runtime_path: expected ")
    assert message.endswith("which this process has loaded already, got /another/library")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_fork_refuses_a_model_of_its_parent_but_loads_its_own_and_leaves():
    script = """
import gc, os, sys
embedder = load(n_threads=2)
vector = embedder.feed("before")
child = os.fork()
if child == 0:
    for call in (lambda: embedder.feed("a"), lambda: embedder.embed(["a"]), embedder.reset, embedder.with_new_history):
        try:
            call()
            os._exit(1)
        except ModelError as error:
            assert "cannot be used in its fork" in str(error), error
    again = load(n_threads=2)
    same = (again.feed("before") == vector).all()
    del embedder, call
    gc.collect()
    sys.exit(7 if same else 8)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), embedder.feed("after").shape)
"""
    assert output(script) == "7 (32,)"


def test_leaving_with_and_without_models_is_quiet():
    for script in (
        "kept = load()",
        "load()",
        "import threading; t = threading.Thread(target=load); t.start(); t.join()",
    ):
        result = run(script)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_ctrl_c_stops_at_the_next_chunk_and_changes_nothing():
    script = """
import _thread, threading, time
embedder = load(chunk_tokens=1)
embedder.feed("before")
before, control = embedder.info(), embedder.with_new_history()
control.feed("before")
for call in (lambda: embedder.feed("word " * 100_000), lambda: embedder.embed(["word " * 100_000])):
    timer = threading.Timer(0.3, _thread.interrupt_main)
    timer.start()
    started = time.perf_counter()
    try:
        call()
    except KeyboardInterrupt:
        assert time.perf_counter() - started < 5
        assert embedder.info() == before
    else:
        raise AssertionError("not interrupted")
assert (embedder.feed("after") == control.feed("after")).all()
print("unchanged")
"""
    assert output(script) == "unchanged"
