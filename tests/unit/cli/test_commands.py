"""The other commands, and what every command does about errors."""

import re
import subprocess
import sys

import numpy as np
import pytest

import toposcope as ts
from toposcope.cli import doctor, main

SQUARE = "0 0\n0 1\n1 1\n1 0\n"


@pytest.fixture(name="square")
def _square(tmp_path):
    path = tmp_path / "square.txt"
    path.write_text(SQUARE)
    return path


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_rips_prints_the_longest_intervals(square, capsys):
    code, out, _ = run(capsys, "rips", square)
    assert code == 0
    assert out.splitlines() == [
        "H0: 4 intervals, 1 of them without end",
        "    0 to inf",
        "    0 to 1",
        "    0 to 1",
        "    0 to 1",
        "H1: 1 intervals, 0 of them without end",
        "    1 to 1.41421",
    ]


def test_alpha_prints_radii_and_writes_them(square, tmp_path, capsys):
    path = tmp_path / "out.npz"
    code, out, _ = run(capsys, "alpha", square, "--out", path, "--field", "3")
    assert code == 0
    assert out.splitlines()[-2:] == ["H1: 1 intervals, 0 of them without end", "    0.5 to 0.707107"]
    assert ts.Diagram.load(path).info.unit == "radius"
    assert run(capsys, "alpha", square, "--max-dim", "0")[1].splitlines()[-1] == "    0 to 0.5"
    code, _, err = run(capsys, "alpha", square, "--max-dim", "2")
    assert (code, err) == (1, "toposcope: error: max_dim: expected 0 to 1 for points in 2 dimensions, got 2\n")


@pytest.mark.parametrize("ending", ["npz", "parquet"])
def test_rips_writes_a_diagram_that_can_be_loaded(square, tmp_path, capsys, ending):
    path = tmp_path / f"out.{ending}"
    assert run(capsys, "rips", square, "--out", path, "--threshold", "5", "--field", "3")[0] == 0
    found = ts.Diagram.load(path)
    np.testing.assert_allclose(found[1], [[1, np.sqrt(2)]])
    assert (found.info.field, found.threshold) == (3, 5.0)


def test_rips_writes_csv_to_the_last_digit(square, tmp_path, capsys):
    path = tmp_path / "out.csv"
    assert run(capsys, "rips", square, "--out", path)[0] == 0
    rows = path.read_text().splitlines()
    assert rows[0] == "dim,birth,death"
    assert rows[1:] == ["0,0.0,1.0"] * 3 + ["0,0.0,inf", "1,1.0,1.4142135623730951"]


def test_rips_says_what_it_would_take(square, tmp_path, capsys):
    code, out, err = run(capsys, "rips", square, "--estimate", "--max-dim", "2", "--out", tmp_path / "out.npz")
    assert (code, err) == (0, "")
    first, *_, engine, memory = out.splitlines()
    assert first == "4 points, 6 edges up to 1.41421"
    assert engine == "engine: edge list, rows"
    assert memory.startswith("memory: ")
    assert not (tmp_path / "out.npz").exists()


def test_rips_reads_distances_and_other_formats(tmp_path, capsys):
    np.save(tmp_path / "points.npy", [[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]])
    (tmp_path / "points.csv").write_text("x,y\n" + SQUARE.replace(" ", ","))
    (tmp_path / "distances.txt").write_text("0,1,2\n1,0,1.5\n2,1.5,0\n")
    expected = run(capsys, "rips", tmp_path / "points.npy")[1]
    assert run(capsys, "rips", tmp_path / "points.csv")[1] == expected
    out = run(capsys, "rips", tmp_path / "distances.txt", "--metric", "precomputed", "--max-dim", "0")[1]
    assert out.splitlines() == ["H0: 3 intervals, 1 of them without end", "    0 to inf", "    0 to 1.5", "    0 to 1"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "expected at least one row of numbers, got none"),
        ("0 0\n1 x\n", "line 2: expected numbers"),
        ("0 0\n1\n", "line 2: expected 2 numbers, got 1"),
        ("0 0\n1 nan\n", "points"),
    ],
)
def test_rips_names_what_is_wrong_with_a_file(tmp_path, capsys, content, message):
    path = tmp_path / "points.txt"
    path.write_text(content)
    code, out, err = run(capsys, "rips", path)
    assert (code, out) == (1, "")
    assert message in err
    assert err.startswith("toposcope: error: ")
    assert err.count("\n") == 1


def test_rips_of_text_is_refused(tmp_path, capsys):
    (tmp_path / "text.jsonl").write_text('{"text": "a"}\n')
    code, _, err = run(capsys, "rips", tmp_path / "text.jsonl")
    assert code == 1
    assert "text.jsonl: expected rows of numbers, got text" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["watch", "missing.txt"], "missing.txt: No such file or directory"),
        (["watch", "."], "expected one of the formats"),
        (["watch", "prose.md"], "expected one of the formats"),
        (["watch", "prose.txt", "--embedder", "none"], "the source holds text, which needs one"),
        (["watch", "points.csv", "--embedder", "hashing"], "the source holds numbers, which need none, got hashing"),
        (["watch", "prose.txt", "--embedder", "sentence:nowhere"], "nowhere"),
        (["watch", "points.csv", "--columns", "z"], "expected columns out of x, y, got z"),
        (["watch", "points.csv", "--out", "points.csv"], "points.csv: File exists"),
        (["watch", "ragged.csv"], "ragged.csv, line 3: expected 2 cells, got 1"),
        (["rips", "missing.npy"], "missing.npy: No such file or directory"),
        (["report", "."], "expected the outputs of a run"),
        (["models", "build", "minilm", "--out", "points.csv"], ""),
    ],
)
def test_an_error_is_one_line_and_exit_code_1(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "prose.txt").write_text("one line\n")
    (tmp_path / "prose.md").write_text("one line\n")
    (tmp_path / "points.csv").write_text("x,y\n1,2\n")
    (tmp_path / "ragged.csv").write_text("x,y\n1,2\n3\n")
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (1, "")
    lines = [line for line in err.splitlines() if not line.startswith("toposcope: watching")]
    assert len([line for line in lines if line.startswith("toposcope: error: ")]) == 1
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "required: COMMAND"),
        (["listen"], "invalid choice: 'listen'"),
        (["watch"], "required: INPUT"),
        (["watch", "a.txt", "--window", "0"], "expected a whole number of at least 1, got 0"),
        (["watch", "a.txt", "--chunk", "many"], "expected a whole number of at least 1, got many"),
        (["watch", "a.txt", "--max-dim", "-1"], "expected a whole number of at least 0"),
        (["watch", "a.txt", "--scale", "-0.5"], "expected a number of at least 0, got -0.5"),
        (["watch", "a.txt", "--scale", "nan"], "expected a number of at least 0, got nan"),
        (["watch", "a.txt", "--metric", "hamming"], "invalid choice: 'hamming'"),
        (["watch", "a.txt", "--embedder", "word2vec"], "embedder: expected auto, hashing, sentence:PATH, qwen:PATH"),
        (["watch", "a.txt", "--embedder", "sentence:"], "embedder: expected the model's folder after sentence:"),
        (["watch", "a.txt", "--min-confidence", "2"], "min_confidence: expected a number from 0 to 1, got 2.0"),
        (["watch", "a.txt", "--memory-limit", "lots"], "memory_limit: expected a size"),
        (["rips", "a.txt", "--out", "diagram.json"], "--out: expected a name ending in .parquet, .npz or .csv"),
        (["models", "build", "gpt"], "invalid choice: 'gpt'"),
        (["bench"], "required: ACTION"),
        (["bench", "stairs"], "invalid choice: 'stairs'"),
        (["bench", "ladder"], "no folder: give --output DIR, or set the environment variable TOPOSCOPE_ARTIFACT_DIR"),
        (["bench", "ladder", "--sizes", "1000,many"], "expected a whole number of at least 1, got many"),
        (["bench", "ladder", "--sizes", "1000,,10"], "expected a whole number of at least 1, got "),
        (["bench", "ladder", "--sizes", "20,10"], "sizes: expected different numbers in ascending order, got 20, 10"),
        (["bench", "ladder", "--n-dims", "1"], "expected a whole number of at least 2, got 1"),
        (["bench", "ladder", "--repeats", "0"], "expected a whole number of at least 1, got 0"),
        (["bench", "ladder", "--memory-limit", "lots"], "memory_limit: expected a size"),
        (["bench", "analyze"], "no folder: give DIR, or set the environment variable TOPOSCOPE_ARTIFACT_DIR"),
        (["bench", "analyze", "out", "--tolerance", "-1"], "expected a number of at least 0, got -1"),
        (["bench", "analyze", "out", "--gates"], "unrecognized arguments: --gates"),
    ],
)
def test_wrong_usage_is_exit_code_2(monkeypatch, capsys, arguments, message):
    monkeypatch.delenv("TOPOSCOPE_ARTIFACT_DIR", raising=False)
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (["bench"], ["ladder", "analyze"]),
        (["bench", "ladder"], ["--output", "--sizes", "--repeats", "--quick", "TOPOSCOPE_ARTIFACT_DIR"]),
        (["bench", "analyze"], ["--gate", "--require-csv", "--baseline", "--tolerance", "TOPOSCOPE_ARTIFACT_DIR"]),
    ],
)
def test_help_names_the_options(capsys, arguments, options):
    with pytest.raises(SystemExit) as caught:
        main([*arguments, "--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert [option for option in options if option not in out] == []


def test_debug_shows_where_an_error_came_from(monkeypatch):
    monkeypatch.setenv("TOPOSCOPE_DEBUG", "1")
    with pytest.raises(FileNotFoundError):
        main(["rips", "missing.npy"])


def test_an_unexpected_error_is_one_line_too(monkeypatch, capsys):
    def broken(_):
        raise ZeroDivisionError("by\nzero")

    monkeypatch.setattr(doctor, "run", broken)
    code, _, err = run(capsys, "doctor")
    assert (code, err) == (1, "toposcope: error: ZeroDivisionError: by zero (TOPOSCOPE_DEBUG=1 shows where)\n")


def test_ctrl_c_is_130(monkeypatch, capsys):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(doctor, "run", interrupted)
    assert run(capsys, "doctor") == (130, "", "")


def test_the_version_is_the_packages(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"toposcope {ts.__version__}\n"


def test_doctor_tells_what_there_is_and_tests_itself(capsys):
    code, out, _ = run(capsys, "doctor")
    assert code == 0
    rows = dict(re.split(r"\s+", line, maxsplit=1) for line in out.splitlines())
    assert rows["toposcope"].startswith(ts.__version__)
    assert rows["numpy"] == np.__version__
    assert rows["self-test"] == "the loop of a circle is found where it should be"
    assert {"python", "platform", "processor", "onnxruntime", "[cli]", "[embed]", "[plot]"} <= set(rows)


def test_doctor_names_the_extra_for_what_is_missing(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "_version", lambda package: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    out = run(capsys, "doctor")[1]
    assert 'onnxruntime  not found: pip install "toposcope[embed]"' in out
    assert 'rich, pyarrow, scikit-learn missing: pip install "toposcope[cli]"' in out


def test_doctor_fails_when_its_self_test_does(monkeypatch, capsys):
    monkeypatch.setattr(doctor.batch, "rips", lambda points, max_dim: ts.Diagram.from_arrays({0: [], 1: []}))
    code, out, _ = run(capsys, "doctor")
    assert code == 1
    assert "FAILED: expected one loop" in out


def test_models_build_asks_for_what_it_needs(monkeypatch, tmp_path, capsys):
    built = {}
    monkeypatch.setattr("toposcope.embedding.build_minilm", lambda out, int8: built.update(out=out, int8=int8))
    code, out, _ = run(capsys, "models", "build", "minilm", "--out", tmp_path / "m", "--int8")
    assert code == 0
    assert built == {"out": tmp_path / "m", "int8": True}
    assert f"--embedder sentence:{tmp_path / 'm'}" in out


def test_report_builds_the_page_again(ring_file, tmp_path, capsys):
    pytest.importorskip("pyarrow")
    pytest.importorskip("sklearn")
    out = tmp_path / "out"
    assert run(capsys, "watch", ring_file, "--window", "200", "--chunk", "200", "--out", out)[0] == 0
    before = (out / "report.html").read_text()
    (out / "report.html").unlink()
    code, printed, _ = run(capsys, "report", out)
    assert (code, printed) == (0, f"{out / 'report.html'}\n")
    assert (out / "report.html").read_text() == before


def test_the_command_line_loads_only_what_it_uses():
    heavy = "{'sklearn', 'pyarrow', 'rich', 'matplotlib', 'asyncio', 'onnxruntime'}"
    code = f"import sys, toposcope.cli; print([name for name in sys.modules if name in {heavy}])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
