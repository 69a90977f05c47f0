"""The files of a run and the page made of them."""

import json
import re
import shutil
import subprocess

import numpy as np
import pytest

import toposcope as ts
from toposcope.pipeline.diagram_file import DiagramWriter, read_diagrams, write_features
from toposcope.pipeline.report import content, write_report

pytest.importorskip("pyarrow")
pytest.importorskip("sklearn")

NASTY = '</script><script>alert(1)</script> & "quotes" <!-- \u2028'
INFO = {"complex": "rips", "unit": "diameter", "metric": "euclidean", "field": 2}


def diagram(n):
    h0 = [[0.0, 0.1 * (i + 1)] for i in range(n)] + [[0.0, np.inf]]
    return ts.Diagram.from_arrays({0: h0, 1: [[0.5, 0.5 + 0.1 * n]] if n else []}, **INFO)


def write_run(folder, n_pushes=4, events=(), diagrams=True, telemetry=True):
    folder.mkdir(exist_ok=True)
    run = {"config": {"source": "some <input>.txt", "window": 9}, "scale": 0.25, "metric": "euclidean", "min_mass": 5}
    run["tracking_from"] = 1
    (folder / "run.json").write_text(json.dumps(run))
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    if telemetry:
        lines = [
            {
                "step": step,
                "n_points": 5,
                "n_landmarks": step,
                "epsilon": 0.0,
                "error_bound": 0.0,
                "n_bytes": 1000,
                "latency": {"push": 0.001, "total": 0.002},
            }
            for step in range(1, n_pushes + 1)
        ]
        (folder / "telemetry.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    if diagrams:
        writer = DiagramWriter(folder / "diagrams.parquet")
        for step in range(1, n_pushes + 1):
            writer.write(step, diagram(step - 1))
        writer.close()
    return folder


def event(step, items=("one",), **fields):
    return {
        "kind": "Split",
        "step": step,
        "confidence": 1.0,
        "certified": True,
        "status": "confirmed",
        "title": "Split",
        "evidence": "seen",
        "sides": [{"name": "before: component 1 (5 points)", "items": list(items)}],
        **fields,
    }


def numbers_of(page):
    return json.loads(re.search(r'<script type="application/json" id="run">(.*?)</script>', page, re.DOTALL)[1])


def test_diagrams_come_back_as_written(tmp_path):
    path = tmp_path / "diagrams.parquet"
    written = [(step, diagram(step % 3)) for step in range(1, 12)]
    writer = DiagramWriter(path)
    for step, each in written:
        writer.write(step, each)
    writer.close()
    found = list(read_diagrams(path))
    assert found == written
    assert found[0][1].info.metric == "euclidean"
    assert found[0][1].max_dim == 1


def test_many_intervals_are_written_in_groups(tmp_path, monkeypatch):
    monkeypatch.setattr("toposcope.pipeline.diagram_file._ROWS_PER_GROUP", 10)
    path = tmp_path / "diagrams.parquet"
    writer = DiagramWriter(path)
    for step in range(40):
        writer.write(step, diagram(3))
    writer.close()
    assert [step for step, each in read_diagrams(path) if each == diagram(3)] == list(range(40))


def test_an_empty_run_has_no_diagrams(tmp_path):
    writer = DiagramWriter(tmp_path / "diagrams.parquet")
    writer.close()
    assert list(read_diagrams(tmp_path / "diagrams.parquet")) == []


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"not parquet at all"])
def test_an_unfinished_file_is_said_as_such(tmp_path, damage):
    path = tmp_path / "diagrams.parquet"
    path.write_bytes(damage)
    with pytest.raises(ValueError, match=r"diagrams.parquet: expected the diagrams of a finished run"):
        list(read_diagrams(path))


def test_a_foreign_file_is_said_as_such(tmp_path):
    diagram(2).save(tmp_path / "diagrams.parquet")
    with pytest.raises(ValueError, match="expected the diagrams of a finished run"):
        list(read_diagrams(tmp_path / "diagrams.parquet"))


def test_features_are_a_row_per_push_on_one_grid(tmp_path):
    from pyarrow import parquet

    folder = write_run(tmp_path / "run", n_pushes=300)
    n_features = write_features(folder / "diagrams.parquet", folder / "features.parquet")
    table = parquet.read_table(folder / "features.parquet")
    assert table["step"].to_pylist() == list(range(1, 301))
    assert table.num_columns == n_features + 1
    curve = next(name for name in table.column_names if name.startswith("betti_H0"))
    np.testing.assert_array_equal(table[curve].to_numpy(), np.arange(1, 301))  # at scale 0 everything is alive
    assert all(np.isfinite(table[name].to_numpy()).all() for name in table.column_names)
    assert len(json.loads(parquet.read_schema(folder / "features.parquet").metadata[b"toposcope"])["config_hash"]) == 64


def test_the_page_needs_nothing_from_elsewhere(tmp_path):
    page = write_report(write_run(tmp_path / "run", events=[event(2)])).read_text()
    without_data = page.replace(json.dumps(numbers_of(page)), "")
    assert re.findall(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//", without_data) == []
    assert re.findall(r"@import|url\(|fetch\(|XMLHttpRequest|import\(", without_data) == []
    addresses = set(re.findall(r"https?://[^\s\"'<>]+", without_data))
    assert addresses <= {"http://www.w3.org/2000/svg"}  # the name of a namespace, not a place
    assert "default-src 'none'" in page


def test_nothing_in_the_data_ends_the_script(tmp_path):
    folder = write_run(tmp_path / "run", events=[event(1, items=[NASTY])])
    page = write_report(folder).read_text()
    assert page.count("</script>") == 2
    assert "<!--" not in page
    assert numbers_of(page)["events"][0]["sides"][0]["items"] == [NASTY]
    assert numbers_of(page)["title"] == "some <input>.txt"


def test_the_numbers_are_those_of_the_run(tmp_path):
    found = content.page_content(write_run(tmp_path / "run", events=[event(2), event(3, is_notable=False)]))
    assert found["pushes"]["step"] == [1, 2, 3, 4]
    assert found["pushes"]["latency"] == {"push": [1.0] * 4, "total": [2.0] * 4}
    assert [each["step"] for each in found["events"]] == [2]
    assert "1 of 2 events are shown: the others are about groups of fewer than 5 points." in found["notes"]
    assert found["betti"] == [[1, 1, 1, 2], [0, 0, 0, 0]]  # at 0.25, of bars 0.1, 0.2, 0.3 long
    assert found["crocker"]["columns"] == [1, 2, 3, 4]
    assert [column[0] for column in found["crocker"]["dims"][0]] == [1, 2, 3, 4]
    assert found["last"]["step"] == 4
    assert len(found["last"]["intervals"]) == 5
    assert found["last"]["intervals"][-1] == [1, 0.5, pytest.approx(0.8)]
    assert ["items", "20"] in found["summary"]
    assert ["metric", "euclidean"] in found["facts"]


def picture(names, n_dims=8):
    n = len(names)
    ids = list(range(n))
    loop = {"side": "before", "noun": "loop", "id": 4, "ids": ids, "walks": [[*ids, 0]]}
    rest = {"side": "after", "noun": "component", "id": 5, "ids": ids[:1], "walks": []}
    at = [[100 * i, 50 * (i % 2)] for i in ids]
    around = [[5, 5], [900, 40]]
    return {
        "n_dims": n_dims, "width": [1000, 60], "ids": ids, "at": at, "names": names, "around": around,
        "features": [loop, rest],
    }  # fmt: skip


def test_a_change_that_was_told_again_is_shown_once_as_it_was_told_last(tmp_path):
    events = [
        event(1, origin=0, status="provisional"),
        event(1, origin=1, status="provisional"),
        event(3, origin=2, status="confirmed"),
        event(1, origin=1, status="retracted"),
        event(1, origin=0, status="confirmed"),
    ]
    found = content.page_content(write_run(tmp_path / "run", events=events))
    assert [(each["step"], each["status"]) for each in found["events"]] == [
        (1, "confirmed"),
        (1, "retracted"),
        (3, "confirmed"),
    ]
    assert ["events", "2"] in found["summary"]
    assert "1 events were taken back, as they did not last: their marks are hollow." in found["notes"]


def test_the_page_holds_what_it_draws_and_no_more(tmp_path, monkeypatch):
    monkeypatch.setattr(content, "PICTURE_BYTES", 2 * len(json.dumps(picture(["a", "b"]))))
    whole = {"id": 1, "landmarks": list(range(100_000)), "walks": [], "mass": 5.0}
    events = [
        event(i, items=["x" * 50_000], before=[{**whole, "mass": float(i % 4)}], picture=picture(["a", "b"]))
        for i in range(1, 5)
    ]
    found = content.page_content(write_run(tmp_path / "run", events=events))
    assert len(json.dumps(found["events"])) < 10_000
    assert [each["picture"] is not None for each in found["events"]] == [False, True, True, False]
    assert "The 2 largest of 4 events have a picture; events.jsonl has all of them." in found["notes"]
    assert found["events"][0]["sides"][0]["items"] == ["x" * (content.ITEM_WIDTH - 1) + "…"]


def test_a_page_stays_small_however_much_was_told(tmp_path):
    items = ["\u20ac" * 300 + "<" * 5000] * 5
    sides = [{"name": f"before: component {i} (5 points)", "items": items} for i in range(4)]
    events = [event(i, sides=sides, picture=picture([NASTY * 3] * 150)) for i in range(1, 900)]
    page = write_report(write_run(tmp_path / "run", events=events))
    assert 3_000_000 < page.stat().st_size < 7_000_000
    notes = numbers_of(page.read_text())["notes"]
    assert any(note.endswith("of 899 events are here; events.jsonl has all of them.") for note in notes)
    assert any("events have a picture" in note for note in notes)


def real_events():
    """Twelve patches of points come, and every other one goes again."""
    monitor = ts.Monitor(ts.Stream(1, window=72), ts.CobordismTracker(scale=1.0))
    patches = np.repeat(np.arange(12.0) * 10, 6)[:, np.newaxis]
    chunks = [patches, np.tile(patches.reshape(6, 2, 6)[:, 0].reshape(-1, 1), (2, 1))]
    return [found.to_dict() for chunk in chunks for found in monitor.push(chunk).events]


def test_lifelines_are_what_the_events_add_up_to(tmp_path, monkeypatch):
    found = content.page_content(write_run(tmp_path / "run", events=real_events()))
    lines = {line[0]: line[1:] for line in found["lives"]["lines"]}
    assert len(lines) == 12
    assert [lines[i][:3] for i in range(12)] == [["component", 1, None if i % 2 == 0 else 2] for i in range(12)]
    monkeypatch.setattr(content, "MOST_LIVES", 4)
    found = content.page_content(tmp_path / "run")
    assert [line[3] for line in found["lives"]["lines"]] == [None] * 4
    assert "Lifelines: the 4 that were largest for longest, of 12." in found["notes"]


def test_events_of_another_version_have_no_lifelines(tmp_path):
    found = content.page_content(write_run(tmp_path / "run", events=[event(1), {"kind": "Boom", "step": 2}]))
    assert found["lives"] == {"lines": [], "bonds": []}
    assert [(each["title"], each["sides"]) for each in found["events"][1:]] == [("Boom", [])]


def test_long_runs_are_thinned_out_and_say_so(tmp_path, monkeypatch):
    monkeypatch.setattr(content, "MOST_COLUMNS", 10)
    monkeypatch.setattr(content, "MOST_EVENTS", 3)
    monkeypatch.setattr(content, "MOST_INTERVALS", 4)
    found = content.page_content(write_run(tmp_path / "run", n_pushes=37, events=[event(i) for i in range(5)]))
    assert len(found["pushes"]["step"]) == len(found["crocker"]["columns"]) == 10
    assert (found["pushes"]["step"][0], found["pushes"]["step"][-1]) == (1, 37)
    assert len(found["events"]) == 3
    assert len(found["last"]["intervals"]) == 4
    assert "10 of 37 pushes are drawn; telemetry.jsonl has all of them." in found["notes"]
    assert "The first 3 of 5 events are here; events.jsonl has all of them." in found["notes"]


@pytest.mark.parametrize(("first", "note"), [(None, "Events were not looked for"), (11, "from push 11 on")])
def test_the_page_says_from_when_events_are_looked_for(tmp_path, first, note):
    folder = write_run(tmp_path / "run")
    run = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**run, "tracking_from": first}))
    (found,) = content.page_content(folder)["notes"]
    assert note in found


def test_what_a_crash_left_is_reported_all_the_same(tmp_path):
    folder = write_run(tmp_path / "run", diagrams=False)
    (folder / "diagrams.parquet").write_bytes(b"PAR1 and no end")
    with (folder / "events.jsonl").open("a") as file:
        file.write('{"kind": "Spl')
    found = content.page_content(folder)
    assert "diagrams.parquet is missing or was not finished: diagrams are not shown." in found["notes"]
    assert "events.jsonl: 1 damaged lines were left out." in found["notes"]
    assert write_report(folder).exists()


def test_a_run_without_anything_is_a_page_too(tmp_path):
    folder = write_run(tmp_path / "run", diagrams=False, telemetry=False)
    (folder / "events.jsonl").unlink()
    assert len(content.page_content(folder)["notes"]) == 3
    assert write_report(folder).exists()


@pytest.mark.parametrize("damage", [None, "", "[]", "{}", '{"config": 3}'])
def test_a_folder_without_a_run_is_refused(tmp_path, damage):
    if damage is not None:
        (tmp_path / "run.json").write_text(damage)
    with pytest.raises(ValueError, match=r"expected the (outputs|description) of a run"):
        write_report(tmp_path)


def drawn_by_a_browser(page, profile):
    """Return the page after its scripts have run, and what they complained of."""
    quiet = ("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync")
    drawing = ("--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--virtual-time-budget=2000")
    command = ["chromium", *drawing, *quiet, f"--user-data-dir={profile}", "--dump-dom", page.as_uri()]
    browser = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return browser.stdout, [line for line in browser.stderr.splitlines() if "CONSOLE" in line]


needs_a_browser = pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")


@needs_a_browser
@pytest.mark.parametrize("kind", ["full", "empty", "one push"])
def test_a_browser_draws_it_without_a_complaint(tmp_path, kind):
    if kind == "empty":
        folder = write_run(tmp_path / "run", diagrams=False, telemetry=False)
    else:
        folder = write_run(tmp_path / "run", n_pushes=20 if kind == "full" else 1, events=[event(1, items=[NASTY])])
    drawn, complaints = drawn_by_a_browser(write_report(folder), tmp_path / "profile")
    assert complaints == []
    assert '<h1 id="title">some &lt;input&gt;.txt</h1>' in drawn
    if kind != "empty":
        assert drawn.count('class="event') == 1
        assert drawn.count("<image") == 2  # the heat maps of both dimensions
        assert "&lt;/script&gt;&lt;script&gt;alert(1)" in drawn


@needs_a_browser
def test_an_event_is_drawn_where_it_happened_and_no_name_is_markup(tmp_path):
    names = [NASTY, "<img src=x onerror=alert(1)>", "plain", "d"]
    events = [event(1, items=[NASTY, "unplaced"], picture=picture(names))]
    events[0]["sides"][0]["ids"] = [0, 77]
    page = write_report(write_run(tmp_path / "run", events=events))
    keys = "document.querySelector('.cloud').dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight'}));"
    page.write_text(page.read_text().replace("</body>", f"<script>{keys * 2}</script></body>"))
    drawn, complaints = drawn_by_a_browser(page, tmp_path / "profile")
    assert complaints == []
    cloud = drawn[drawn.index('class="cloud"') : drawn.index("</svg>", drawn.index('class="cloud"'))]
    assert cloud.count("<circle") == 2 + 4 + 1 + 1  # around, before, after, the halo of what is pointed at
    assert cloud.count("<polyline") == 1
    assert len(re.search(r'points="([^"]*)"', cloud)[1].split()) == 5
    assert "○" not in cloud
    assert "before: loop 4" in drawn
    says = re.search(r'<p class="says"[^>]*>(.*?)</p>', drawn, re.DOTALL)[1]
    assert says == "&lt;img src=x onerror=alert(1)&gt;"
    assert "<img" not in drawn
    assert drawn.count('class="placed"') == 1


@needs_a_browser
def test_lifelines_are_drawn_where_there_are_some(tmp_path):
    folder = write_run(tmp_path / "run", events=real_events())
    drawn, complaints = drawn_by_a_browser(write_report(folder), tmp_path / "profile")
    assert complaints == []
    assert drawn.count("<title>component ") == 12
    assert '<section id="lives-section" aria-labelledby="lives-title">' in drawn
    drawn, _ = drawn_by_a_browser(write_report(write_run(tmp_path / "other", events=[event(1)])), tmp_path / "profile")
    assert '<section id="lives-section" aria-labelledby="lives-title" hidden="">' in drawn


@needs_a_browser
def test_a_picture_of_the_plane_does_not_call_itself_a_projection(tmp_path):
    events = [event(1, picture=picture(["a", None], n_dims=2))]
    drawn, complaints = drawn_by_a_browser(
        write_report(write_run(tmp_path / "run", events=events)), tmp_path / "profile"
    )
    assert complaints == []
    says = re.search(r'<p class="says"[^>]*>(.*?)</p>', drawn, re.DOTALL)[1]
    assert says == "Point at a landmark to read what it stands for."


@needs_a_browser
@pytest.mark.parametrize(
    ("click", "expected"),
    [
        ("document.querySelectorAll('.event')[1].dispatchEvent(new Event('click'))", "two"),
        ("document.querySelectorAll('.nav button')[1].click()", "two"),
        ("document.querySelectorAll('.nav button')[0].click()", "three"),
        ("document.querySelectorAll('#table tbody tr')[2].click()", "three"),
        (
            "document.querySelectorAll('#table tbody tr')[1].dispatchEvent(new KeyboardEvent('keydown', {key: ' '}))",
            "two",
        ),
        (
            "document.querySelector('#timeline svg').dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowLeft'}))",
            "three",
        ),
        ("window.dispatchEvent(new Event('resize'))", "one"),
    ],
)
def test_an_event_that_is_chosen_is_put_into_words(tmp_path, click, expected):
    events = [event(step, items=[item]) for step, item in enumerate(("one", "two", "three"), start=1)]
    page = write_report(write_run(tmp_path / "run", events=events))
    page.write_text(page.read_text().replace("</body>", f"<script>{click}</script></body>"))
    drawn, complaints = drawn_by_a_browser(page, tmp_path / "profile")
    assert complaints == []
    detail = drawn[drawn.index('id="detail"') : drawn.index("</section>", drawn.index('id="detail"'))]
    assert re.findall("<li[^>]*>(.*?)</li>", detail) == [expected]
    marks = re.findall(r'<circle [^>]*data-event="(\d)"[^>]*tabindex="(-?\d)"[^>]*aria-pressed="(\w+)"', drawn)
    chosen = str(["one", "two", "three"].index(expected))
    assert [mark for mark in marks if mark[1:] != ("-1", "false")] == [(chosen, "0", "true")]
