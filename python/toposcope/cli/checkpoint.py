"""``toposcope checkpoint``."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toposcope.exceptions import CheckpointError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from toposcope.safety import Checkpoint, CheckpointEntry, CheckpointManager

EXIT_CODES = "exit codes: 0 all is sound, 1 an error, or some are damaged, 2 wrong usage, 3 none is sound."
EXIT_SOME, EXIT_NONE = 1, 3
_MIB = 2**20
_HEADER = ("step", "made", "size", "points", "metrics", "config", "version", "state")


def run_list(arguments: argparse.Namespace) -> int:
    """Print what there is."""
    manager = _manager(arguments)
    entries = manager.entries()
    best = None if manager.metric is None else manager.best()
    return _tell(entries, arguments, best=best)


def run_verify(arguments: argparse.Namespace) -> int:
    """Print what there is after reading all of it."""
    return _tell(_manager(arguments).verify(), arguments, said_of_sound="sound")


def run_restore(arguments: argparse.Namespace) -> int:
    """Go back to a checkpoint, or write what is in it as files."""
    if arguments.best and arguments.step is not None:
        arguments.usage_error("--best and --step exclude each other")
    with _manager(arguments) as manager:
        checkpoint = manager.load(_step(arguments, manager))
        step = checkpoint.metadata.step
        if arguments.out is not None:
            files = [str(path) for path in _export(checkpoint, Path(arguments.out))]
            told, done = f"wrote step {step}: {', '.join(files)}", {"wrote": files}
        else:
            aside = [path.name for path in manager.go_back(step)]
            told, done = f"step {step} is the newest; set aside: {', '.join(aside) or 'none'}", {"set_aside": aside}
    print(json.dumps({"step": step, **done}) if arguments.json else told)
    return 0


def run_prune(arguments: argparse.Namespace) -> int:
    """Delete, or say what would be deleted."""
    if arguments.keep_best and arguments.metric is None:
        arguments.usage_error("--keep-best needs --metric")
    ranking = {"keep_last": arguments.keep_last, "keep_best": arguments.keep_best}
    with _manager(arguments, **ranking) as manager:
        gone = [path.name for path in manager.prune(dry_run=arguments.dry_run)]
    if arguments.json:
        print(json.dumps({"deleted": gone, "dry_run": arguments.dry_run}))
    else:
        print("\n".join(gone) or "nothing to delete")
    return 0


def _manager(arguments: argparse.Namespace, **options: Any) -> CheckpointManager:
    from toposcope.safety import CheckpointManager  # noqa: PLC0415 (only this command needs it)

    folder = Path(arguments.folder)
    if not folder.is_dir():  # what a first save would make is a mistyped name here
        raise CheckpointError(f"{folder}: expected a folder of checkpoints, got none")
    ranking = {name: getattr(arguments, name) for name in ("metric", "mode") if hasattr(arguments, name)}
    return CheckpointManager(folder, **ranking, **options)


def _step(arguments: argparse.Namespace, manager: CheckpointManager) -> int | None:
    step: int | None = arguments.step
    if not arguments.best:
        return step
    if manager.metric is None:
        arguments.usage_error("--best needs --metric")
    best = manager.best()
    if best is None or best.metadata is None:
        raise CheckpointError(f"{manager.folder}: expected a checkpoint with a value of {manager.metric}, got none")
    return best.metadata.step


def _export(checkpoint: Checkpoint, folder: Path) -> list[Path]:
    from toposcope._files import replace_file  # noqa: PLC0415 (only this command needs it)

    folder.mkdir(parents=True, exist_ok=True)
    metadata = json.dumps(checkpoint.metadata.to_dict(), indent=2, ensure_ascii=False).encode() + b"\n"
    contents = {"checkpoint.json": metadata}
    for name in ("stream", "tracker"):
        if name in checkpoint.sections:
            contents[f"{name}.ckpt"] = checkpoint.sections[name]
    for name, content in contents.items():
        with replace_file(folder / name) as file:
            file.write(content)
    return [folder / name for name in contents]


def _tell(
    entries: Sequence[CheckpointEntry],
    arguments: argparse.Namespace,
    *,
    best: CheckpointEntry | None = None,
    said_of_sound: str = "ok",
) -> int:
    if arguments.json:
        shown = [{**entry.to_dict(), "is_best": best is not None and entry.path == best.path} for entry in entries]
        print(json.dumps(shown, indent=2, ensure_ascii=False))
    elif entries:
        states = ["best" if best is not None and entry.path == best.path else said_of_sound for entry in entries]
        _print_table([_row(entry, state) for entry, state in zip(entries, states, strict=True)])
        for entry in entries:
            if entry.problem is not None:
                print(f"toposcope: {entry.problem}", file=sys.stderr)
    else:
        print(f"toposcope: {arguments.folder}: there are no checkpoints", file=sys.stderr)
    n_sound = sum(entry.is_sound for entry in entries)
    if n_sound == len(entries) and entries:
        return 0
    return EXIT_SOME if n_sound else EXIT_NONE


def _row(entry: CheckpointEntry, state: str) -> tuple[str, ...]:
    size = f"{entry.n_bytes / _MIB:.2f} MiB"
    state = state if entry.problem is None else "DAMAGED"
    known = entry.metadata
    if known is None:
        return (entry.path.stem.removeprefix("step-").lstrip("0") or "0", "?", size, "?", "?", "?", "?", state)
    made = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(known.time))
    metrics = " ".join(f"{name}={value:.4g}" for name, value in known.metrics.items()) or "-"
    return (str(known.step), made, size, str(known.n_seen), metrics, known.config_hash[:8], known.version, state)


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in [_HEADER, *rows]) for column in range(len(_HEADER))]
    for row in [_HEADER, *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
