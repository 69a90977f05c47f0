"""The schema of a record: what the documentation says is what there is, and neither changes unnoticed."""

import dataclasses
import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

import toposcope as ts
from toposcope.telemetry import SCHEMA_VERSION, JsonlSink, ProcessGauges, PushRecord, read_jsonl
from toposcope.telemetry.schema import COLUMNS, STAGES, flat

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "telemetry.md"
#: Of the columns of each version: whoever changes them has to count on.
DIGESTS = {2: "f070a8d8da662322"}


def test_the_columns_are_the_fields_of_a_record():
    expected = []
    for field in dataclasses.fields(PushRecord):
        if field.name == "latency":
            expected += [(f"latency.{stage}", "float", True) for stage in STAGES]
        elif field.name == "process":
            expected += [
                (f"process.{f.name}", f.type.partition(" ")[0], True) for f in dataclasses.fields(ProcessGauges)
            ]
        else:
            expected.append((field.name, field.type.partition(" ")[0], field.type.endswith("| None")))
    assert [(column.name, column.type, column.optional) for column in COLUMNS] == expected


def test_columns_do_not_change_within_a_version():
    digest = hashlib.sha256(repr([tuple(column) for column in COLUMNS]).encode()).hexdigest()[:16]
    assert DIGESTS[SCHEMA_VERSION] == digest
    assert max(DIGESTS) == SCHEMA_VERSION


def test_the_page_describes_every_column():
    text = PAGE.read_text()
    rows = re.findall(r"^\| `([a-z_.]+)` \| (\w+)( or null)? \| ([^|]*) \| ([^|]+) \|$", text, re.MULTILINE)
    assert [(name, kind, unit.strip(), bool(optional)) for name, kind, optional, unit, _ in rows] == [
        tuple(column) for column in COLUMNS
    ]
    assert all(len(meaning.split()) >= 2 for *_, meaning in rows)
    assert f"version **{SCHEMA_VERSION}**" in text


def test_a_record_that_is_made_in_a_hurry_is_one_that_was_constructed(record):
    made = PushRecord.of(dict(record().__dict__))
    assert made == record()
    assert repr(made) == repr(record())
    assert dataclasses.replace(made, seq=9) == record(seq=9)
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.seq = 1
    assert list(made.to_dict()) == [field.name for field in dataclasses.fields(PushRecord)]


def test_a_monitor_writes_what_the_schema_says(tmp_path):
    path = tmp_path / "run.jsonl"
    stream = ts.Stream(n_dims=2, window=50)
    with ts.Monitor(stream, ts.CobordismTracker(scale=1.0), sinks=[JsonlSink(path)]) as monitor:
        for _ in range(3):
            monitor.push(np.random.default_rng(0).normal(size=(20, 2)))
    records = read_jsonl(path).records
    assert all(list(record) == [field.name for field in dataclasses.fields(PushRecord)] for record in records)
    types = {"int": int, "float": (float, int), "str": str}
    for record in records:
        assert set(record["latency"]) <= set(STAGES)
        for column, value in zip(COLUMNS, flat(record), strict=True):
            assert isinstance(value, types[column.type]) or (column.optional and value is None), column
    assert records[0]["process"] is None or records[0]["process"]["rss_bytes"] > 1_000_000
    assert [record["process"] for record in records[1:]] == [None, None]  # not worth a look within a second


@pytest.mark.parametrize("values", [{}, {"latency": None, "process": None}])
def test_what_is_missing_is_none(values):
    assert flat(values) == [None] * len(COLUMNS)
