"""A shop, which must not be imported by the process that builds its documentation."""

import sys

if "sphinx" in sys.modules:
    raise RuntimeError("imported by the build")
