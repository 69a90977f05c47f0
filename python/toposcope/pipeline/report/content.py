"""What the page shows: the files of a run, read and thinned out to what a screen can tell apart."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from toposcope.crocker import crocker_matrix, largest_finite
from toposcope.lifelines import lifelines
from toposcope.pipeline.diagram_file import read_diagrams
from toposcope.telemetry import read_jsonl
from toposcope.tracking import Event

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from toposcope.diagram import Diagram

MOST_COLUMNS = 600
"""Pushes drawn; of longer runs every so-manieth."""
MOST_EVENTS = 3000
EVENT_BYTES = 4_000_000
"""What events and the items that stand for them may take, besides their pictures."""
PICTURE_BYTES = 2_000_000
"""What the pictures of events may take: those about the most points are drawn."""
MOST_LIVES = 40
"""Components and loops of which it is drawn from when to when they were there: those that were large for long."""
MOST_INTERVALS = 1500
N_SCALES = 96
ITEM_WIDTH = 600
"""Characters of an item that are shown."""


def page_content(folder: Path) -> dict[str, Any]:
    """Return all that the page draws, as plain values.

    Raises
    ------
    ValueError
        If the folder holds no run.
    """
    run = _read_run(folder / "run.json")
    notes: list[str] = []
    records = _read_lines(folder / "telemetry.jsonl", "telemetry", notes)
    all_events = _read_lines(folder / "events.jsonl", "events", notes)
    changes = _settled(all_events)
    events = [event for event in changes if event.get("is_notable", True)]
    if run.get("tracking_from") != 1:
        notes.append(_tracking_note(run.get("tracking_from")))
    if len(events) < len(changes):
        small = f"fewer than {run.get('min_mass')} points"
        notes.append(f"{len(events)} of {len(changes)} events are shown: the others are about groups of {small}.")
    if n_retracted := sum(event.get("status") == "retracted" for event in events):
        notes.append(f"{n_retracted} events were taken back, as they did not last: their marks are hollow.")
    diagrams = _read_diagrams(folder / "diagrams.parquet", notes)
    shown = _thinned(len(records), MOST_COLUMNS)
    if len(shown) < len(records):
        notes.append(f"{len(shown)} of {len(records)} pushes are drawn; telemetry.jsonl has all of them.")
    pushes = [records[i] for i in shown]
    scale = run.get("scale")
    return {
        "title": str(run["config"]["source"]),
        "summary": _summary(run, records, events),
        "facts": _facts(run, records),
        "notes": notes,
        "scale": scale,
        "pushes": _columns(pushes),
        "events": _shown(events, notes),
        "lives": _lives(all_events, run.get("min_mass") or 1, records, notes),
        "crocker": _crocker(diagrams),
        "betti": _betti_at(scale, [push["step"] for push in pushes], dict(diagrams)),
        "last": _last(diagrams),
    }


def _read_run(path: Path) -> dict[str, Any]:
    try:
        run = json.loads(path.read_bytes())
        run["config"]["source"]
    except FileNotFoundError:
        raise ValueError(f"{path.parent}: expected the outputs of a run, but there is no {path.name}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: expected the description of a run, got {error!r}") from None
    return dict(run)


def _read_lines(path: Path, what: str, notes: list[str]) -> list[dict[str, Any]]:
    if not path.exists():
        notes.append(f"There is no {path.name}: {what} are not shown.")
        return []
    contents = read_jsonl(path)
    if contents.n_skipped:
        notes.append(f"{path.name}: {contents.n_skipped} damaged lines were left out.")
    return contents.records


def _read_diagrams(path: Path, notes: list[str]) -> list[tuple[int, Diagram]]:
    try:
        return list(read_diagrams(path))
    except (ValueError, OSError):
        notes.append(f"{path.name} is missing or was not finished: diagrams are not shown.")
        return []


def _settled(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each change once, as it was told last, in the order in which changes happened."""
    latest = {event.get("origin", f"line {line}"): event for line, event in enumerate(events)}
    return sorted(latest.values(), key=lambda event: event["step"])


def _shown(events: list[dict[str, Any]], notes: list[str]) -> list[dict[str, Any]]:
    """Return what the page shows of events: of the landmarks only those that are drawn."""
    told = [_told(event) for event in events[:MOST_EVENTS]]
    told = told[: _n_within([_n_bytes(event) for event in told], EVENT_BYTES)]
    if len(told) < len(events):
        notes.append(f"The first {len(told)} of {len(events)} events are here; events.jsonl has all of them.")
    drawn = [i for i, event in enumerate(events[: len(told)]) if event.get("picture")]
    by_mass = sorted(drawn, key=lambda i: -_mass(events[i]))
    largest = by_mass[: _n_within([_n_bytes(events[i]["picture"]) for i in by_mass], PICTURE_BYTES)]
    if len(largest) < len(drawn):
        notes.append(f"The {len(largest)} largest of {len(drawn)} events have a picture; events.jsonl has all of them.")
    for i in largest:
        told[i]["picture"] = events[i]["picture"]
    return told


def _told(event: dict[str, Any]) -> dict[str, Any]:
    names = ("kind", "step", "evidence", "status", "certified", "confidence")
    sides = [{**side, "items": [_cut(item) for item in side["items"]]} for side in event.get("sides", ())]
    title = event.get("title", event["kind"])
    return {**{name: event.get(name) for name in names}, "title": title, "sides": sides, "picture": None}


def _n_bytes(plain: Any) -> int:
    text = json.dumps(plain, ensure_ascii=False)
    # In the page these take six bytes each.
    return len(text.encode(errors="surrogatepass")) + 5 * sum(map(text.count, "<>&"))


def _n_within(sizes: list[int], budget: int) -> int:
    """Return how many of the first fit into a budget."""
    return int(np.searchsorted(np.cumsum(sizes), budget, side="right"))


def _lives(
    events: list[dict[str, Any]], min_mass: float, records: list[dict[str, Any]], notes: list[str]
) -> dict[str, Any]:
    """Return from when to when components and loops were there, and which went on as which."""
    nothing: dict[str, Any] = {"lines": [], "bonds": []}
    try:
        told = [Event.from_dict(event) for event in events]
    except (ValueError, TypeError):
        return nothing  # of another version
    if not told:
        return nothing
    until = float(records[-1]["step"]) if records else None
    lines = lifelines(told, by_time=False, min_mass=min_mass, until=until, most=MOST_LIVES)
    if lines.n_left_out:
        notes.append(f"Lifelines: the {MOST_LIVES} that were largest for longest, of {MOST_LIVES + lines.n_left_out}.")
    return {
        "lines": [[life.id, life.noun, life.begin, life.end, life.lane, life.mass] for life in lines.lives],
        "bonds": [[bond.at, *bond.ids] for bond in lines.bonds],
    }


def _cut(item: str) -> str:
    return item if len(item) <= ITEM_WIDTH else item[: ITEM_WIDTH - 1] + "…"


def _mass(event: dict[str, Any]) -> float:
    features = [*event.get("before", ()), *event.get("after", ())]
    return sum(float(feature["mass"]) for feature in features)


def _tracking_note(first: int | None) -> str:
    if first is None:
        return "Events were not looked for: the window was never full, so no scale was chosen."
    return f"Events are looked for from push {first} on, when the window had been full and a scale was chosen."


def _summary(run: dict[str, Any], records: list[dict[str, Any]], events: list[dict[str, Any]]) -> list[list[str]]:
    """Return what one wants to know first."""
    facts = [
        ("items", sum(record["n_points"] for record in records)),
        ("pushes", len(records)),
        ("events", sum(event.get("status") != "retracted" for event in events)),
        ("tracker's scale", _short(run.get("scale"))),
        ("error bound at the end", _short(records[-1]["error_bound"]) if records else None),
    ]
    return [[name, str(value)] for name, value in facts if value is not None]


def _facts(run: dict[str, Any], records: list[dict[str, Any]]) -> list[list[str]]:
    config = run["config"]
    seconds = [record["latency"]["total"] for record in records]
    facts = [
        ("started", run.get("started")),
        ("ended", run.get("reason")),
        ("embedder", run.get("embedder")),
        ("dimensions", run.get("n_dims")),
        ("metric", run.get("metric")),
        ("window", config.get("window")),
        ("landmarks at most", run.get("n_landmarks")),
        ("median push", f"{1000 * float(np.median(seconds)):.3g} ms" if seconds else None),
        ("slowest push", f"{1000 * max(seconds):.3g} ms" if seconds else None),
        ("toposcope", run.get("version")),
        ("run", run.get("run_id")),
    ]
    return [[name, str(value)] for name, value in facts if value is not None]


def _columns(pushes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    stages = list(pushes[-1]["latency"]) if pushes else []
    return {
        "step": [push["step"] for push in pushes],
        "epsilon": [push["epsilon"] for push in pushes],
        "error_bound": [push["error_bound"] for push in pushes],
        "landmarks": [push["n_landmarks"] for push in pushes],
        "megabytes": [push["n_bytes"] / 1e6 for push in pushes],
        "latency": {stage: [_milliseconds(push["latency"].get(stage)) for push in pushes] for stage in stages},
    }


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(1000 * seconds, 4)


def _crocker(diagrams: list[tuple[int, Diagram]]) -> dict[str, Any]:
    """Return Betti numbers by dimension, push and scale, on one grid for the whole run."""
    _, scales = crocker_matrix((diagram for _, diagram in diagrams), n_scales=N_SCALES)
    shown = [diagrams[i] for i in _thinned(len(diagrams), MOST_COLUMNS)]
    n_dims = max((len(diagram) for _, diagram in shown), default=0)
    drawn = [diagram for _, diagram in shown]
    return {
        "scales": [round(float(scale), 6) for scale in scales],
        "columns": [step for step, _ in shown],
        "dims": [crocker_matrix(drawn, dim, scales=scales)[0].tolist() for dim in range(n_dims)],
    }


def _betti_at(scale: float | None, steps: list[int], diagrams: dict[int, Diagram]) -> list[list[int | None]]:
    """Return, by dimension, the Betti numbers at the tracker's scale after each push."""
    if scale is None or not diagrams:
        return []
    n_dims = max(len(diagram) for diagram in diagrams.values())
    columns = [diagrams[step].betti(scale) if step in diagrams else [None] * n_dims for step in steps]
    return [list(row) for row in zip(*columns, strict=True)]


def _last(diagrams: list[tuple[int, Diagram]]) -> dict[str, Any]:
    if not diagrams:
        return {"step": None, "intervals": [], "high": 1.0}
    step, diagram = diagrams[-1]
    longest = np.sort(np.argsort(-diagram.persistences, kind="stable")[:MOST_INTERVALS])
    columns = (diagram.dims, diagram.births, diagram.deaths)
    rows = zip(*(column[longest].tolist() for column in columns), strict=True)
    intervals = [[dim, birth, death if math.isfinite(death) else None] for dim, birth, death in rows]
    return {"step": step, "intervals": intervals, "high": largest_finite(diagram)}


def _thinned(n: int, most: int) -> list[int]:
    """Return at most so many places out of n, evenly spread, the last one among them."""
    if n <= most:
        return list(range(n))
    return [int(place) for place in np.unique(np.linspace(0, n - 1, most).round())]


def _short(value: float | None) -> str | None:
    return None if value is None else f"{value:.4g}"
