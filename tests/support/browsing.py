"""People at browsers."""

from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.support.app import PASSWORD, Desk, email

LAPTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}

expect.set_options(timeout=10_000)


class People:
    """Opens pages, and remembers whatever their consoles complained of."""

    def __init__(self, browser: Browser, desk: Desk, address: str, contexts: list[BrowserContext]) -> None:
        self.browser, self.desk, self.address, self.contexts = browser, desk, address, contexts
        self.complaints: list[str] = []

    def visitor(self, *, size: Any = None, theme: Any = "light", **options: Any) -> Page:
        """Somebody unknown, on the start of the help centre."""
        context = self.browser.new_context(
            base_url=self.address, viewport=size or LAPTOP, color_scheme=theme, reduced_motion="reduce", **options
        )
        context.set_default_timeout(10_000)
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda problem: self.complaints.append(str(problem)))
        return page

    def as_(self, who: str, **options: Any) -> Page:
        """One of the cast, signed in by the form."""
        self.desk.user_id(who)
        page = self.visitor(**options)
        page.goto("/login")
        page.get_by_label("E-mail").fill(email(who))
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/login" not in url)
        return page

    def check(self) -> None:
        """No page may have logged an error, a blocked script or style among them."""
        assert self.complaints == []

    def _heard(self, message: ConsoleMessage) -> None:
        # A refusal that a test asked for is told by the browser as well.
        if message.type in {"error", "warning"} and "the server responded with a status of 4" not in message.text:
            self.complaints.append(f"{message.text} ({message.location.get('url', '')})")
