"""``python -m penstock_mkdocs.mystmd``: the same as the command ``penstock-myst``."""

import sys

from penstock_mkdocs.mystmd import main

sys.exit(main())
