"""Python imports this when it starts, where a recording has put its folder first on ``PYTHONPATH``.

A Python of another environment takes penstock from where this file is. See :mod:`penstock.discover.watch.process`.
"""

import os
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec

HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib costs time in every process
PENSTOCK = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(HERE))))  # noqa: PTH120 - the same

sys.path[:] = [folder for folder in sys.path if os.path.abspath(folder) != HERE]  # noqa: PTH100 - the same
if sys.version_info >= (3, 11):  # noqa: UP036 - a test may start an older one
    sys.path.append(PENSTOCK)
    try:
        from penstock.discover.watch import process
    except ImportError:  # another penstock, which is older
        pass
    else:
        process.start()
    finally:
        sys.path.remove(PENSTOCK)

# The one that would have been imported, had ours not been there. An import would find ours again.
if (spec := PathFinder.find_spec("sitecustomize")) is not None and spec.loader is not None:
    sys.modules["sitecustomize"] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules["sitecustomize"])
