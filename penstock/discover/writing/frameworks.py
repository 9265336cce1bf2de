"""The settings that the import of a framework's project needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from penstock._util.atomic_files import read_text

if TYPE_CHECKING:
    from pathlib import Path

_DJANGO = re.compile(r"""DJANGO_SETTINGS_MODULE["'],\s*["']([\w.]+)["']""")


def find_framework_settings(project: Path) -> dict[str, Any]:
    """Return the settings for a project of Django, which has to be set up before its modules are imported.

    Args:
        project: The folder; its ``manage.py``, or that of a folder in it, names the settings' module.
    """
    for file in (project / "manage.py", *sorted(project.glob("*/manage.py"))):
        try:
            match = _DJANGO.search(read_text(file))
        except OSError:
            continue
        if match:
            return {"setup": "django:setup", "env": {"DJANGO_SETTINGS_MODULE": match[1]}}
    return {}
