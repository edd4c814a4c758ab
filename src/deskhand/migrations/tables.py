"""Importing this declares every table: those of the kit, and each noun's `tables.py` or `…_tables.py`."""

import pkgutil
from importlib import import_module

import deskhand
from deskhand import kit


def _declare() -> None:
    for module in pkgutil.iter_modules(kit.__path__, f"{kit.__name__}."):
        import_module(module.name)
    for package in pkgutil.iter_modules(deskhand.__path__, f"{deskhand.__name__}."):
        for module in pkgutil.iter_modules(import_module(package.name).__path__) if package.ispkg else ():
            if module.name.endswith("tables"):
                import_module(f"{package.name}.{module.name}")


_declare()
