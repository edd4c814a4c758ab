"""A message's HTML as pages show it: its files stand where they were put, pictures small until one opens them."""

import re
from collections.abc import Mapping
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from deskhand.attachments import wire
from deskhand.doors.web.icons import icon

# As the sanitiser writes them: every value in quotes, which stand in none.
_ID, _MORE = "[0-9a-f]{8}-[0-9a-f-]{27}", '(?: [a-z]+="[^"]*")*'
_TAGS = re.compile(
    rf'<a href="{wire.URL}(?P<file>{_ID})"{_MORE}>|(?P<open><a )|(?P<close></a>)'
    rf'|<img src="{wire.URL}(?P<image>{_ID})" alt="(?P<alt>[^"]*)"{_MORE}>'
)
_FILE = Markup('<a class="file" href="{}">{}')
_SIZE = Markup(' <span class="muted tiny">{}</span></a>')
_SHOT = Markup(
    '<button type="button" class="shot" popovertarget="{id}"><img src="{url}/thumbnail" alt="{alt}" loading="lazy">'
    '</button><span class="whole" id="{id}" popover><img src="{url}" alt="{alt}" loading="lazy">'
    '<span><a href="{url}" target="_blank" rel="noopener">{name}</a><button type="button" class="btn slim" '
    'popovertarget="{id}" popovertargetaction="hide">{close}</button></span></span>'
)


@pass_context
def body(context: Context, message: Mapping[str, Any], place: str = wire.URL) -> Markup:
    """The HTML of a message (any of the wire's shapes of one). `place` stands before the ids of files in their
    addresses, for readers who have no login."""
    text = message["body_html"]
    if wire.URL not in text:
        return Markup(text)  # noqa: S704 - sanitised when it was written
    close = str(context.call(context.resolve("gettext"), "Close"))
    shown = _Shown(message, place, context.environment.filters["bytes"], close)
    return Markup(_TAGS.sub(shown, text))  # noqa: S704 - as above


class _Shown:
    """What stands for each tag, given those before it."""

    def __init__(self, message: Mapping[str, Any], place: str, size: Any, close: str) -> None:
        self.files = {file["id"]: file for file in message["attachments"]}
        self.message_id, self.place, self.size, self.close = message["id"], place, size, close
        self.end = "</a>"
        self.within = False
        self.pictures = 0

    def __call__(self, tag: re.Match[str]) -> str:
        if tag["image"]:
            return self.picture(tag["image"], Markup(tag["alt"]))  # noqa: S704 - escaped already
        if tag["close"]:
            self.within = False
            return self.end
        self.within, self.end = True, "</a>"
        if tag["open"]:
            return "<a "
        file = self.files.get(tag["file"])
        self.end = _SIZE.format(self.size(file["size"])) if file else "</a>"
        return _FILE.format(self.place + tag["file"], icon("paper-clip", 16))

    def picture(self, id_: str, alt: Markup) -> str:
        file = self.files.get(id_)
        if file and "thumbnail_url" not in file:  # a link that claimed to be a picture
            return _FILE.format(self.place + id_, icon("paper-clip", 16)) + alt + _SIZE.format(self.size(file["size"]))
        if self.within:
            return Markup('<img src="{}/thumbnail" alt="{}" loading="lazy">').format(self.place + id_, alt)
        self.pictures += 1
        name = file["filename"] if file else alt
        shown = {"id": f"p{self.pictures}-{self.message_id}", "url": self.place + id_, "alt": alt, "name": name}
        return _SHOT.format(**shown, close=self.close)
