"""``toposcope bench analyze``: every way in which a ladder can be wrong is found, and said in a line."""

import json
import shutil

import pytest

from toposcope.cli import main

ALL = ("manifest.json", "ladder.jsonl", "ladder.csv", "chunks.csv", "degrees.csv")
FIRST = "300 points, repeat 0"


def analyze(capsys, *arguments):
    code = main(["bench", "analyze", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def findings(capsys, ladder, *arguments):
    """What the gate holds against a ladder; without the gate it only tells."""
    code, _, err = analyze(capsys, ladder.folder, *arguments, "--gate")
    lines = err.splitlines()
    assert code == (1 if lines else 0)
    assert all(line.startswith("toposcope: FAILED: ") for line in lines)
    told = [line.removeprefix("toposcope: FAILED: ") for line in lines]
    if told and "ladder.csv: missing" not in told:
        code, out, err = analyze(capsys, ladder.folder, *arguments)
        assert (code, err.splitlines()) == (0, [f"toposcope: note: {finding}" for finding in told])
        assert "points/s" in out
    return told


def test_a_ladder_as_it_was_written_passes(ladder, capsys):
    assert findings(capsys, ladder) == []
    code, out, err = analyze(capsys, ladder.folder, "--gate", "--require-csv", "--baseline", ladder.folder)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split()[:3] == ["points", "run", "seconds"]
    assert [line.split()[:2] for line in lines[1:]] == [["300", "0"], ["300", "1"], ["1,250", "0"], ["1,250", "1"]]


def test_the_environment_names_the_folder(ladder, capsys, monkeypatch):
    monkeypatch.setenv("TOPOSCOPE_ARTIFACT_DIR", str(ladder.folder))
    assert analyze(capsys, "--gate")[0] == 0


# files ------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_a_missing_file_is_named(ladder, capsys, name):
    ladder.path(name).unlink()
    assert f"{name}: missing" in findings(capsys, ladder)


def test_a_missing_picture_is_missing_only_if_there_was_one(ladder, capsys):
    manifest = json.loads(ladder.path("manifest.json").read_text())
    for name in ("ladder.png", "ladder.svg"):
        ladder.path(name).unlink(missing_ok=True)
        entry = manifest["files"].pop(name, {"sha256": "", "bytes": 0})
    ladder.path("manifest.json").write_text(json.dumps(manifest))
    assert findings(capsys, ladder) == []
    manifest["files"]["ladder.png"] = entry
    ladder.path("manifest.json").write_text(json.dumps(manifest))
    assert findings(capsys, ladder) == ["ladder.png: missing"]


@pytest.mark.parametrize("name", ALL[1:])
def test_a_changed_byte_is_noticed(ladder, capsys, name):
    content = ladder.path(name).read_bytes()
    ladder.path(name).write_bytes(content.replace(b"300", b"301", 1))
    assert f"{name}: changed since it was written: its sha256 is not the manifest's" in findings(capsys, ladder)


def test_a_changed_picture_is_noticed(ladder, capsys):
    pytest.importorskip("matplotlib")
    ladder.path("ladder.svg").write_text("<svg/>")
    assert findings(capsys, ladder) == ["ladder.svg: changed since it was written: its sha256 is not the manifest's"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda m: m["files"].pop("chunks.csv"), "chunks.csv: not in the manifest"),
        (lambda m: m["files"].update({"ladder.csv": 5}), "ladder.csv: changed since it was written"),
        (lambda m: m["files"].update({"../ladder.csv": {}}), "names files that are not of a ladder: ../ladder.csv"),
        (lambda m: m.update(schema=2), "no manifest of a ladder (schema: expected 1, got 2)"),
        (lambda m: m.pop("files"), "no manifest of a ladder (no 'files')"),
        (lambda m: m.update(files=[1]), "no manifest of a ladder"),
        (
            lambda m: m["config"].update(chunk=0),
            "no manifest of a ladder (chunk: expected an integer of at least 1, got 0)",
        ),
        (
            lambda m: m["config"].update(n_dims=7),
            "ladder.jsonl, line 1: of another run: its config is not the manifest's",
        ),
    ],
)
def test_a_manifest_is_not_trusted(ladder, capsys, change, told):
    manifest = json.loads(ladder.path("manifest.json").read_text())
    change(manifest)
    ladder.path("manifest.json").write_text(json.dumps(manifest))
    assert any(told in finding for finding in findings(capsys, ladder))


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "[" * 100_000])
def test_a_manifest_that_is_none_is_said_to_be_none(ladder, capsys, content):
    ladder.path("manifest.json").write_text(content)
    assert any(finding.startswith("manifest.json: no manifest of a ladder") for finding in findings(capsys, ladder))


@pytest.mark.parametrize("name", ["ladder.csv", "chunks.csv", "degrees.csv"])
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (lambda text: text.replace("n_points,", "points,", 1), "expected the columns n_points,repeat,"),
        (
            lambda text: text.replace("\n300,0,", "\n300,zero,", 1),
            "line 2: repeat: expected a whole number, got 'zero'",
        ),
        (lambda text: text.replace("\n300,0,", "\n300,,", 1), "line 2: repeat: expected a whole number, got ''"),
        (lambda text: text.replace("\n300,0,", f"\n{10**30},0,", 1), "line 2: n_points: expected a whole number"),
        (lambda text: text.replace("\n300,0,", "\n300,0,0,", 1), "line 2: "),
        (lambda text: "", "expected the columns"),
        (lambda text: "\xff", "expected the columns"),
    ],
)
def test_a_table_that_cannot_be_read_is_said_where(ladder, capsys, name, content, told):
    ladder.path(name).write_text(content(ladder.path(name).read_text()), encoding="latin-1")
    ladder.seal()
    assert any(
        finding.startswith(name) and told in finding for finding in findings(capsys, ladder)
    ) or name + ": 'utf-8'" in (" ".join(findings(capsys, ladder)))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda line: line[: len(line) // 2], "ladder.jsonl, line 1: "),
        (lambda line: "[]", "ladder.jsonl, line 1: expected an object"),
        (lambda line: line.replace('"schema": 1', '"schema": 9'), "line 1: schema: expected 1, got 9"),
        (
            lambda line: line.replace('"n_points": 300', '"n_points": true'),
            "line 1: n_points: expected a whole number, got True",
        ),
        (
            lambda line: line.replace('"n_points": 300', '"n_points": "300"'),
            "line 1: n_points: expected a whole number",
        ),
        (
            lambda line: line.replace('"n_points": 300', f'"n_points": {10**30}'),
            "line 1: n_points: expected a whole number",
        ),
        (lambda line: line.replace('"n_points": 300, ', ""), "line 1: expected an object with n_points, repeat"),
    ],
)
def test_a_line_that_cannot_be_read_is_said_where(ladder, capsys, change, told):
    first, *others = ladder.path("ladder.jsonl").read_text().splitlines()
    ladder.path("ladder.jsonl").write_text("\n".join([change(first), *others]) + "\n")
    ladder.seal()
    found = findings(capsys, ladder)
    assert any(told in finding for finding in found)
    assert f"ladder.jsonl: {FIRST}: no row" in found


# rows ------------------------------------------------------------


@pytest.mark.parametrize("where", [["ladder.csv"], ["ladder.jsonl"], ["ladder.csv", "ladder.jsonl"]])
@pytest.mark.parametrize(
    ("change", "told"),
    [(lambda rows: rows[1:], f"{FIRST}: no row"), (lambda rows: [rows[0], *rows], f"{FIRST}: 2 rows")],
)
def test_rows_are_neither_missing_nor_doubled(ladder, capsys, where, change, told):
    if "ladder.csv" in where:
        ladder.write_rows("ladder.csv", change(ladder.rows("ladder.csv")))
    if "ladder.jsonl" in where:
        ladder.write_lines(change(ladder.lines()))
    ladder.seal()
    found = findings(capsys, ladder)
    for name in where:
        assert f"{name}: {told}" in found


def test_a_run_that_was_not_asked_for_is_noticed(ladder, capsys):
    ladder.change(repeat=2)
    found = findings(capsys, ladder)
    assert f"ladder.csv: {FIRST}: no row" in found
    for name in ("ladder.csv", "ladder.jsonl"):
        assert f"{name}: 300 points, repeat 2: not one of this ladder's runs" in found
    for name in ("chunks.csv", "degrees.csv"):
        assert f"{name}: {FIRST}: not one of this ladder's runs" in found


def test_table_and_lines_say_the_same(ladder, capsys):
    rows = ladder.rows("ladder.csv")
    before = rows[0]["seconds"]
    rows[0]["seconds"] = repr(float(before) + 1)
    ladder.write_rows("ladder.csv", rows)
    ladder.seal()
    assert findings(capsys, ladder) == [
        f"{FIRST}: seconds is {float(before) + 1} in ladder.csv and {before} in ladder.jsonl"
    ]


# values ------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"seconds": -1.0}, "seconds is -1.0"),
        ({"p50_seconds": float("nan")}, "p50_seconds is nan"),
        ({"max_seconds": float("inf")}, "max_seconds is inf"),
        ({"stream_bytes": -4096}, "stream_bytes is -4096"),
        ({"p50_seconds": 1e3}, "p50_seconds is 1000.0, more than p90_seconds"),
        ({"p90_seconds": 1e3}, "p90_seconds is 1000.0, more than p99_seconds"),
        ({"p99_seconds": 1e3}, "p99_seconds is 1000.0, more than max_seconds"),
        ({"seconds": 1e-9}, "seconds is 1e-09, less than push_seconds"),
        ({"product_seconds": 0.0}, "product_seconds is 0"),
        ({"push_seconds": 0.0}, "push_seconds is 0"),
        ({"points_per_second": 1e9}, "points_per_second is 1000000000.0, but its parts make"),
        ({"p50_over_product": 0.5}, "p50_over_product is 0.5, but its parts make"),
        ({"p99_over_goal": 0.5}, "p99_over_goal is 0.5, but its parts make"),
        ({"bottleneck": 100.0}, "bottleneck is 100.0, more than error_bound"),
        ({"overshoot_bytes": 1}, "overshoot_bytes is 1: more than the memory_limit was held"),
        ({"overshoot_bytes": None}, "overshoot_bytes is None, but stream_bytes and memory_limit make 0"),
        ({"memory_limit": None}, "overshoot_bytes is 0 without a memory_limit"),
        ({"memory_limit": None, "overshoot_bytes": None}, "memory_limit is None, but the config says 67108864"),
        ({"stream_bytes": 1}, "stream_bytes is 1, but the two peaks make"),
        (
            {"peak_bytes": None, "stream_bytes": None, "overshoot_bytes": None},
            "a memory_limit, but memory was not measured",
        ),
        ({"degree_max": 32}, "degree_max is 32 of 32 landmarks"),
    ],
)
def test_impossible_values_are_found_in_both_files_though_they_agree(ladder, capsys, values, told):
    ladder.change(**values)
    assert any(finding.startswith(f"{FIRST}: {told}") or told in finding for finding in findings(capsys, ladder))


def test_an_overshoot_is_counted_from_the_limit(ladder, capsys):
    first = ladder.first()
    peak = first["baseline_bytes"] + first["memory_limit"] + 4096
    ladder.change(peak_bytes=peak, stream_bytes=first["memory_limit"] + 4096, overshoot_bytes=4096)
    assert findings(capsys, ladder) == [f"{FIRST}: overshoot_bytes is 4096: more than the memory_limit was held"]


@pytest.mark.parametrize("column", ["p50_seconds", "p90_seconds", "p99_seconds", "max_seconds", "push_seconds"])
def test_percentiles_and_sums_come_out_of_the_chunks_again(ladder, capsys, column):
    ladder.change(**{column: ladder.first()[column] * 1.001})
    assert any(
        f"{FIRST}: {column} is" in finding and "but chunks.csv makes it" in finding
        for finding in findings(capsys, ladder)
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda rows: rows[1:], f"chunks.csv: {FIRST}: expected each of 3 chunks once, in order, got 2 rows"),
        (lambda rows: [rows[0], *rows], f"chunks.csv: {FIRST}: expected each of 3 chunks once, in order, got 4 rows"),
        (lambda rows: [rows[1], rows[0], *rows[2:]], f"chunks.csv: {FIRST}: expected each of 3 chunks once, in order"),
        (lambda rows: rows[3:], f"chunks.csv: {FIRST}: expected each of 3 chunks once, in order, got 0 rows"),
        (lambda rows: [rows[0] | {"seconds": "-0.5"}, *rows[1:]], f"chunks.csv: {FIRST}: chunk 0 took -0.5 s"),
        (lambda rows: [rows[0] | {"seconds": "nan"}, *rows[1:]], f"chunks.csv: {FIRST}: chunk 0 took nan s"),
        (lambda rows: [rows[0] | {"n_changes": "-1"}, *rows[1:]], "-1 changes"),
        (lambda rows: [rows[0] | {"seconds": "9.0"}, *rows[1:]], f"{FIRST}: max_seconds is"),
        (lambda rows: [rows[0] | {"n_chunk_points": "99"}, *rows[1:]], "the points of the chunks are not 300 together"),
        (
            lambda rows: [rows[0] | {"n_chunk_points": "99"}, rows[1] | {"n_chunk_points": "101"}, *rows[2:]],
            "expected 100 points in every chunk but the last",
        ),
    ],
)
def test_chunks_are_complete_and_possible(ladder, capsys, change, told):
    ladder.write_rows("chunks.csv", change(ladder.rows("chunks.csv")))
    ladder.seal()
    assert any(told in finding for finding in findings(capsys, ladder))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda rows: rows[1:], "landmarks, but n_landmarks is 32"),
        (lambda rows: [rows[0], *rows], "expected ascending degrees"),
        (lambda rows: [rows[0] | {"degree": "-1"}, *rows[1:]], "expected ascending degrees, and counts, of at least 0"),
        (lambda rows: [rows[0] | {"degree": "0"}, *rows[1:]], f"degrees.csv: {FIRST}: "),
    ],
)
def test_degrees_are_those_of_all_landmarks(ladder, capsys, change, told):
    ladder.write_rows("degrees.csv", change(ladder.rows("degrees.csv")))
    ladder.seal()
    assert any(told in finding for finding in findings(capsys, ladder))


def test_neighbours_are_mutual(ladder, capsys):
    rows = ladder.rows("degrees.csv")
    rows[0]["degree"] = str(int(rows[0]["degree"]) - 1)
    rows[0]["n_landmarks"], moved = "1", int(rows[0]["n_landmarks"]) - 1
    rows[1]["n_landmarks"] = str(int(rows[1]["n_landmarks"]) + moved)
    ladder.write_rows("degrees.csv", rows)
    ladder.seal()
    assert any("an odd number" in f or "makes other figures" in f for f in findings(capsys, ladder))


# what is required ------------------------------------------------------------


@pytest.mark.parametrize("name", ["ladder.csv", "chunks.csv", "degrees.csv"])
def test_tables_can_be_required_without_the_gate(ladder, capsys, name):
    ladder.path(name).unlink()
    code, out, err = analyze(capsys, ladder.folder)
    assert (code, err) == (0, f"toposcope: note: {name}: missing\n")
    assert out.count("\n") == 5  # the lines have the figures too
    code, _, err = analyze(capsys, ladder.folder, "--require-csv")
    assert (code, err) == (1, f"toposcope: FAILED: {name}: missing\n")


def test_what_is_wrong_otherwise_is_a_note_for_those_who_only_require_tables(ladder, capsys):
    ladder.change(seconds=-1.0)
    code, _, err = analyze(capsys, ladder.folder, "--require-csv")
    assert (code, err) == (0, f"toposcope: note: {FIRST}: seconds is -1.0\n")


def test_a_folder_without_figures_is_an_error_in_any_case(tmp_path, capsys):
    code, out, err = analyze(capsys, tmp_path)
    assert (code, out) == (1, "")
    assert err.splitlines()[0] == "toposcope: FAILED: manifest.json: missing"
    code, _, err = analyze(capsys, tmp_path / "nowhere")
    assert (code, err) == (1, f"toposcope: error: {tmp_path / 'nowhere'}: No such file or directory\n")


# regressions ------------------------------------------------------------


@pytest.fixture(name="baseline")
def _baseline(ladder, tmp_path):
    return type(ladder)(shutil.copytree(ladder.folder, tmp_path / "baseline"))


def faster(ladder, factor):
    """Make every push of a ladder so many times as fast, as if it had been measured so."""
    rows, lines, chunks = ladder.rows("ladder.csv"), ladder.lines(), ladder.rows("chunks.csv")
    for row, line in zip(rows, lines, strict=True):
        figures = line["rung"]
        for name in (
            "push_seconds",
            "p50_seconds",
            "p90_seconds",
            "p99_seconds",
            "max_seconds",
            "p50_over_product",
            "p99_over_goal",
        ):
            figures[name] /= factor
        figures["points_per_second"] *= factor
        row |= {name: "" if value is None else repr(value) for name, value in figures.items()}
    for chunk in chunks:
        chunk["seconds"] = repr(float(chunk["seconds"]) / factor)
    ladder.write_rows("ladder.csv", rows)
    ladder.write_rows("chunks.csv", chunks)
    ladder.write_lines(lines)
    ladder.seal()


def test_slower_pushes_are_a_regression_beyond_the_tolerance(ladder, baseline, capsys):
    faster(baseline, 1.4)
    assert findings(capsys, baseline) == []
    found = findings(capsys, ladder, "--baseline", baseline.folder)
    assert [finding.split(" is ")[0] for finding in found] == ["300 points: p50 / T_gemm", "1,250 points: p50 / T_gemm"]
    assert "+40% over the baseline's" in found[0]
    assert findings(capsys, ladder, "--baseline", baseline.folder, "--tolerance", "0.5") == []
    assert findings(capsys, baseline, "--baseline", ladder.folder) == []  # better is not worse


def test_more_memory_is_a_regression_beyond_the_tolerance_and_a_mebibyte(ladder, baseline, capsys):
    first = ladder.first()
    held = 40 * 2**20
    for one, more in ((baseline, 0), (ladder, 13 * 2**20)):
        rows, lines = one.rows("ladder.csv"), one.lines()
        for row, line in zip(rows, lines, strict=True):
            figures = line["rung"]
            figures |= {"stream_bytes": held + more, "peak_bytes": figures["baseline_bytes"] + held + more}
            row |= {name: str(figures[name]) for name in ("stream_bytes", "peak_bytes")}
        one.write_rows("ladder.csv", rows)
        one.write_lines(lines)
        one.seal()
    assert first["memory_limit"] > held + 13 * 2**20
    found = findings(capsys, ladder, "--baseline", baseline.folder)
    told = f"the stream took {held + 13 * 2**20:,} bytes, {13 * 2**20:,} more than the baseline's {held:,}"
    assert found == [f"300 points: {told}", f"1,250 points: {told}"]
    assert findings(capsys, ladder, "--baseline", baseline.folder, "--tolerance", "0.4") == []
    baseline.change(peak_bytes=first["baseline_bytes"], stream_bytes=0)
    assert findings(capsys, baseline, "--baseline", ladder.folder) == []


def test_only_like_is_compared_with_like(ladder, baseline, capsys):
    manifest = json.loads(baseline.path("manifest.json").read_text())
    manifest["config"]["n_dims"] = 7
    lines = baseline.lines()
    for line in lines:
        line["config"]["n_dims"] = 7
    baseline.write_lines(lines)
    baseline.path("manifest.json").write_text(json.dumps(manifest))
    baseline.seal()
    assert findings(capsys, ladder, "--baseline", baseline.folder) == [
        "baseline: nothing is compared: n_dims is 7, here 6"
    ]


def test_a_baseline_is_not_trusted_either(ladder, baseline, capsys):
    baseline.path("ladder.csv").unlink()
    baseline.path("manifest.json").unlink()
    baseline.path("ladder.jsonl").write_text("")
    found = findings(capsys, ladder, "--baseline", baseline.folder)
    assert found[:2] == ["baseline: manifest.json: missing", "baseline: ladder.csv: missing"]
    assert found[-1] == "baseline: nothing is compared: a config cannot be read"


def test_a_baseline_of_other_sizes_compares_nothing(ladder, baseline, capsys):
    manifest = json.loads(baseline.path("manifest.json").read_text())
    manifest["config"]["sizes"] = [400]
    rows, lines = baseline.rows("ladder.csv"), baseline.lines()
    for row, line in zip(rows, lines, strict=True):
        row["n_points"], line["rung"]["n_points"], line["config"]["sizes"] = "400", 400, [400]
    baseline.write_rows("ladder.csv", rows)
    baseline.write_lines(lines)
    baseline.path("manifest.json").write_text(json.dumps(manifest))
    found = findings(capsys, ladder, "--baseline", baseline.folder)
    assert found[-1] == "baseline: nothing is compared: no rung has as many points"
