"""What tests of pages share: a page is well locked down, its messages stand beside their fields, forms carry tokens."""

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

import httpx2

from deskhand.accounts.csrf import csrf_token
from deskhand.doors.credentials import SESSION_COOKIE
from tests.support.app import Desk

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'>{{7*7}}"


def page(response: httpx2.Response, status: int = 200) -> str:
    """The page's text; it must be one, and served under the strict policy."""
    assert response.status_code == status, response.text[:500]
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    policy = response.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "script-src *" not in policy
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "Traceback" not in response.text
    _Strict().feed(response.text)
    return response.text


def secret_page(response: httpx2.Response, status: int = 200) -> str:
    """As `page`, for one whose address holds a token."""
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "no-referrer"
    return page(response, status)


class _Strict(HTMLParser):
    """Inline scripts, styles and handlers would be blocked, so none may be needed; nothing comes from elsewhere."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert len(given) == len(attrs), attrs
        assert tag != "style"
        assert tag != "script" or (given.get("src") or "").startswith("/static/")
        assert not [name for name in given if name.startswith("on") or name == "style"], given
        outside = tag == "link" and given.get("rel") == "canonical"
        for name in ("src", "action", *(["href"] if tag == "link" and not outside else [])):
            assert re.match(r"$|/(?!/)", given.get(name) or ""), given


def error_of(text: str, field: str) -> str:
    """The message beside the field, to which the field points."""
    control = re.search(rf'<(?:input|textarea|select)[^>]*name="{field}"[^>]*>', text)
    assert control is not None
    assert 'aria-invalid="true"' in control[0]
    described = re.search(r'aria-describedby="([^"]+)"', control[0])
    assert described is not None
    messages = [re.search(rf'id="{name}"[^>]*>([^<]+)<', text) for name in described[1].split()]
    return unescape(" ".join(found[1] for found in messages if found))


def value_of(text: str, field: str) -> str:
    control = re.search(rf'<input[^>]*name="{field}"[^>]*>', text)
    assert control is not None
    found = re.search(r'value="([^"]*)"', control[0])
    return unescape(found[1]) if found else ""


def text_of(text: str, field: str) -> str:
    """What stands in a textarea."""
    found = re.search(rf'<textarea[^>]*name="{field}"[^>]*>\n?(.*?)</textarea>', text, re.DOTALL)
    assert found is not None
    return unescape(found[1])


class Browser:
    """One of the cast at a browser of their own: their session, and its token with every form."""

    def __init__(self, desk: Desk, who: str) -> None:
        token = desk.token(who)
        self.client, self.cookie = desk.client, f"{SESSION_COOKIE}={token}"
        self.csrf = csrf_token(desk.services.signer, desk.services.own_tokens.verify(token).session_id)

    def get(self, path: str, *, headers: dict[str, str] | None = None, **more: Any) -> httpx2.Response:
        return self.client.get(path, headers={"Cookie": self.cookie, **(headers or {})}, **more)

    def post(
        self, path: str, form: dict[str, Any] | None = None, *, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx2.Response:
        fields = {"csrf": self.csrf, **(form or {})}
        return self.client.post(path, data=fields, headers={"Cookie": self.cookie, **(headers or {})}, **more)
