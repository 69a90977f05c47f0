"""Pictures of diagrams, with matplotlib.

Every function takes the Axes to draw on, or makes some, and returns them; none shows anything. matplotlib is imported
when one is called.
"""

from toposcope.plotting.barcodes import barcode
from toposcope.plotting.diagrams import diagram

__all__ = ["barcode", "diagram"]
