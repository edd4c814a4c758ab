"""Icons are the library's drawings, whatever the quick way to them."""

from xml.etree import ElementTree

import pytest
from heroicons.jinja import heroicon_outline

from deskhand.doors.web.icons import icon


@pytest.mark.parametrize("name", ["bell", "paper-clip", "magnifying-glass"])
def test_an_icon_is_what_the_library_draws(name: str) -> None:
    theirs = heroicon_outline(name, size=20, **{"class": "icon", "aria-hidden": "true", "focusable": "false"})
    ours = icon(name, 20)
    assert "xmlns" not in ours
    assert parts(ours) == parts(theirs)


def parts(svg: str) -> list[tuple[str, dict[str, str]]]:
    return [(element.tag, element.attrib) for element in ElementTree.fromstring(svg).iter()]
