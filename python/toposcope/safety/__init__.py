"""What keeps a long run safe: a guard over its limits, and checkpoints that can be trusted.

A :class:`Guard` watches what a monitor takes and what its input brings, and stops it, or warns, before the machine
does. A :class:`CheckpointManager` keeps stream, tracker and counters together in files that are whole or not there,
ranks and prunes them, and finds damage before anything is restored.
"""

from toposcope.safety.checkpoint_file import Checkpoint, CheckpointMetadata, config_hash
from toposcope.safety.checkpoints import CheckpointEntry, CheckpointManager
from toposcope.safety.guard import Guard, Trip
from toposcope.safety.limits import GuardConfig

__all__ = [
    "Checkpoint",
    "CheckpointEntry",
    "CheckpointManager",
    "CheckpointMetadata",
    "Guard",
    "GuardConfig",
    "Trip",
    "config_hash",
]
