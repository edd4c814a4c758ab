"""The API's description as one page of HTML: no script, no file from anywhere, readable without colour or mouse."""

import base64
from hashlib import sha256
from typing import Any

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from deskhand.doors.api.problems import PROBLEMS
from deskhand.kit.markdown import render as render_markdown

_env = Environment(
    loader=PackageLoader("deskhand.doors.api", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_STYLE = _env.loader.get_source(_env, "docs.css")[0] if _env.loader else ""
# The one inline style sheet is allowed by its hash, and nothing else is allowed at all.
_HASH = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

_METHODS = ("get", "post", "patch", "put", "delete")


def render(document: dict[str, Any]) -> bytes:
    """The page for an OpenAPI document."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if operation := item.get(method):
                groups.setdefault(operation["tags"][0], []).append(_operation(path, method, operation))
    template = _env.get_template("docs.html")
    schemas = sorted(document["components"]["schemas"].items())
    return template.render(
        info=document["info"],
        groups=groups,
        schemas=[(name, schema, orjson.dumps(schema, option=orjson.OPT_INDENT_2).decode()) for name, schema in schemas],
        style=_STYLE,
        problems=PROBLEMS,
        prose=lambda text: Markup(render_markdown(text, headings=True)),  # noqa: S704 - it ends in nh3
        type_of=type_of,
    ).encode()


def type_of(schema: dict[str, Any]) -> str:
    """A schema in a few words: `string`, `array of Ticket`, `low | medium`, `integer or null`."""
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    for joined in ("anyOf", "oneOf"):
        if joined in schema:
            return " or ".join(type_of(part) for part in schema[joined])
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"array of {type_of(schema.get('items', {}))}"
    return " or ".join(kind) if isinstance(kind, list) else kind


def _operation(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {})
    return {
        "id": operation["operationId"],
        "path": path,
        "method": method.upper(),
        "summary": operation.get("description") or operation.get("summary", ""),
        "open": {} in operation["security"],
        "parameters": operation.get("parameters", []),
        "body": [(kind, _schema_name(content.get("schema", {}))) for kind, content in body.items()],
        "responses": [
            (status, _described(response), [_schema_name(c.get("schema", {})) for c in _contents(response)])
            for status, response in sorted(operation["responses"].items())
        ],
    }


def _described(response: dict[str, Any]) -> str:
    """The framework's own words say nothing."""
    return "Done" if response["description"] == "Successful Response" else response["description"]


def _contents(response: dict[str, Any]) -> list[dict[str, Any]]:
    return list(response.get("content", {}).values())


def _schema_name(schema: dict[str, Any]) -> str:
    return schema.get("$ref", "").rpartition("/")[2]
