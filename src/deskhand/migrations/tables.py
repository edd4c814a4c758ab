"""Importing this declares every table of the program: those of the kit, and each noun's `tables.py`."""

import pkgutil
from importlib import import_module

import deskhand
from deskhand import kit


def _declare() -> None:
    for module in pkgutil.iter_modules(kit.__path__, f"{kit.__name__}."):
        import_module(module.name)
    for package in pkgutil.iter_modules(deskhand.__path__, f"{deskhand.__name__}."):
        if package.ispkg and any(part.name == "tables" for part in pkgutil.iter_modules(_path(package.name))):
            import_module(f"{package.name}.tables")


def _path(package: str) -> list[str]:
    return list(import_module(package).__path__)


_declare()
