"""Packages that only some users need, as the pipeline asks for them."""

from toposcope._extras import import_extra

__all__ = ["import_extra"]
