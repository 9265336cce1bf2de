"""Python imports this when it starts, where a recording has put its folder first on ``PYTHONPATH``.

So the processes that tests start know the steps which are declared from outside. See :mod:`penstock._recording.startup`.
"""

import os
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec

HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib costs time in every process

sys.path[:] = [folder for folder in sys.path if os.path.abspath(folder) != HERE]  # noqa: PTH100 - the same
try:
    from penstock._recording import startup
except ImportError:  # another Python, which has no penstock
    pass
else:
    startup.follow()

# The one that would have been imported, had ours not been there. An import would find ours again.
if (spec := PathFinder.find_spec("sitecustomize")) is not None and spec.loader is not None:
    sys.modules["sitecustomize"] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules["sitecustomize"])
