"""One ladder, measured once, and ways to tamper with copies of it."""

import csv
import hashlib
import json
import shutil

import pytest

from toposcope.cli import main

SETTINGS = ("--sizes", "300,1250", "--chunk", "100", "--n-dims", "6", "--window", "2000", "--max-landmarks", "32",
            "--repeats", "2", "--memory-limit", "64MiB")  # fmt: skip


@pytest.fixture(name="measured", scope="session")
def _measured(tmp_path_factory):
    """The folder that the command has written; not to be changed."""
    folder = tmp_path_factory.mktemp("ladder") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOPOSCOPE_BENCH_SMOKE", "1")
        assert main(["bench", "ladder", *SETTINGS, "--output", str(folder)]) == 0
    return folder


@pytest.fixture(name="ladder")
def _ladder(measured, tmp_path):
    return Ladder(shutil.copytree(measured, tmp_path / "ladder"))


class Ladder:
    """A folder that can be doctored."""

    def __init__(self, folder):
        self.folder = folder

    def path(self, name):
        return self.folder / name

    def seal(self):
        """Make the manifest agree with the files, as a careful forger would."""
        manifest = json.loads(self.path("manifest.json").read_text())
        for name in manifest["files"]:
            content = self.path(name).read_bytes()
            manifest["files"][name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        self.path("manifest.json").write_text(json.dumps(manifest))

    def rows(self, name):
        with self.path(name).open(newline="") as file:
            return list(csv.DictReader(file))

    def write_rows(self, name, rows):
        with self.path(name).open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def lines(self):
        return [json.loads(line) for line in self.path("ladder.jsonl").read_text().splitlines()]

    def write_lines(self, lines):
        self.path("ladder.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))

    def change(self, **values):
        """Change the first run, in the table and in the lines."""
        rows, lines = self.rows("ladder.csv"), self.lines()
        rows[0] |= {name: "" if value is None else repr(value) for name, value in values.items()}
        lines[0]["rung"] |= values
        self.write_rows("ladder.csv", rows)
        self.write_lines(lines)
        self.seal()

    def first(self):
        """The first run's figures."""
        return self.lines()[0]["rung"]
