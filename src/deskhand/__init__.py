"""Deskhand: the support desk that runs inside your own product."""

__version__ = "0.1.0"
