"""Puts htmx into the package when it is built: taken from django-htmx, which carries it and is not installed to run."""

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FILES = {"htmx-2.min.js": "htmx.js"}


class BrowserLibraries(BuildHookInterface):
    """Called by hatchling, for wheels and for editable installs alike."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        found = find_spec("django_htmx")
        assert found is not None
        assert found.origin is not None, "named under [build-system] requires"
        source = Path(found.origin).parent / "static" / "django_htmx"
        target = Path(self.root) / "src" / "deskhand" / "doors" / "web" / "static" / "vendor"
        target.mkdir(parents=True, exist_ok=True)
        for given, name in FILES.items():
            shutil.copyfile(source / given, target / name)
