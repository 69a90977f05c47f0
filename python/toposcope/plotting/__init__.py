"""Pictures of diagrams, of features made of them, of events and of points. Also known as ``toposcope.plot``.

Every function takes the Axes to draw on, or makes some, and returns them; none shows anything. On dark Axes, such as
those that are made within ``theme("dark")``, colours are bright. What is empty gives an empty picture with its axes
named. matplotlib is imported when one is called, and plotly where ``backend="plotly"`` asks for it.
"""

from toposcope.plotting.barcodes import barcode
from toposcope.plotting.clouds import cloud, event
from toposcope.plotting.crockers import crocker
from toposcope.plotting.diagrams import diagram
from toposcope.plotting.features import curve, image, landscape
from toposcope.plotting.matchings import matching
from toposcope.plotting.themes import theme
from toposcope.plotting.timelines import timeline
from toposcope.plotting.vineyards import vineyard

__all__ = [
    "barcode",
    "cloud",
    "crocker",
    "curve",
    "diagram",
    "event",
    "image",
    "landscape",
    "matching",
    "theme",
    "timeline",
    "vineyard",
]
