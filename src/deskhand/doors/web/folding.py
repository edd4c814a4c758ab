"""Templates whose words and icons are put in when they are compiled: a page has hundreds of both, always the same."""

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, nodes
from jinja2.visitor import NodeTransformer


class FoldingEnvironment(Environment):
    """`folds` are functions of constants: a call of one with constants only becomes its (safe) result."""

    folds: Mapping[str, Callable[..., str]]

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return _Fold(self.folds).visit(super()._parse(source, name, filename))


class _Fold(NodeTransformer):
    def __init__(self, folds: Mapping[str, Callable[..., str]]) -> None:
        self.folds = folds

    def visit_Call(self, node: nodes.Call, *args: Any, **kwargs: Any) -> nodes.Node:  # noqa: N802 - named after the node
        self.generic_visit(node, *args, **kwargs)
        fold = self.folds.get(node.node.name) if isinstance(node.node, nodes.Name) else None
        constant = all(isinstance(argument, nodes.Const) for argument in node.args)
        if fold is None or not constant or node.kwargs or node.dyn_args or node.dyn_kwargs:
            return node
        result = fold(*(argument.as_const() for argument in node.args))
        return nodes.MarkSafe(nodes.Const(str(result), lineno=node.lineno), lineno=node.lineno)
