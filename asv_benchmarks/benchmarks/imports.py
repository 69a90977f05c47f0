"""How long ``import toposcope`` takes, in a fresh interpreter."""


def timeraw_import_toposcope():
    return "import toposcope"


def timeraw_import_numpy():
    """All that toposcope itself imports: the floor."""
    return "import numpy"


def timeraw_import_vectorizers():
    return "import toposcope.vectorizers"
