"""``python -m penstock_myst``: the same as the command ``penstock-myst``."""

import sys

from penstock_myst import main

sys.exit(main())
