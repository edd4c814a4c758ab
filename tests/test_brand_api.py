"""How the desk presents itself: what the settings say, until an admin chooses otherwise."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from deskhand.kit import colours
from deskhand.kit.settings import BadSettings, Settings
from deskhand.notifications.tables import mails
from tests.support.api import events_of, is_problem, png
from tests.support.app import Desk, running

BASE = {"DESKHAND_BASE_URL": "http://testserver"}


def brand(desk: Desk) -> dict[str, Any]:
    return desk.anyone().get("/brand", expect=200).json()


def change(desk: Desk, expect: int = 200, **fields: Any) -> Any:
    return desk.as_("ada").patch("/staff/brand", fields, expect=expect)


def put_logo(desk: Desk, data: bytes, name: str = "logo.png", who: str = "ada") -> Any:
    return desk.as_(who).put("/staff/brand/logo", files={"file": (name, data)})


def picture(width: int, height: int, kind: str = "PNG", mode: str = "RGB", **save: Any) -> bytes:
    made = io.BytesIO()
    Image.new(mode, (width, height), "teal" if mode != "CMYK" else (100, 50, 0, 0)).save(made, kind, **save)
    return made.getvalue()


def test_it_is_what_the_settings_say_until_somebody_chooses(database_url: str, tmp_path: Path) -> None:
    given = {"brand": "Acme", "brand_accent": "#0A6B3D", "support_address": "help@acme.example"}
    with running(database_url, tmp_path, **given) as desk:
        before = brand(desk)
        assert before | {"version": 0} == {
            "name": "Acme",
            "accent": "#0a6b3d",
            "support_address": "help@acme.example",
            "logo": None,
            "version": 0,
        }
        after = change(desk, name="Acme Help", support_address="").json()
        assert (after["name"], after["accent"], after["support_address"]) == ("Acme Help", "#0a6b3d", "")
        assert brand(desk) == after
        assert after["version"] != before["version"]
        change(desk, name=None, support_address=None)
        assert brand(desk) | {"version": 0} == before | {"version": 0}


def test_a_change_is_told_and_nothing_is_no_change(desk: Desk) -> None:
    change(desk)
    assert events_of(desk, "brand.changed") == []
    change(desk, name="Acme", accent="#111111")
    (event,) = events_of(desk, "brand.changed")
    assert event["data"] == {"changes": {"name": ["Deskhand", "Acme"], "accent": ["#2f5bd3", "#111111"]}}
    assert event["staff_only"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"accent": "blue"}, "colour"),
        ({"accent": "#12345"}, "colour"),
        ({"accent": "#123456;}"}, "colour"),
        ({"accent": "#ffff00"}, "contrast"),
        ({"name": " "}, "blank"),
        ({"name": "x" * 61}, "too_long"),
        ({"support_address": "not an address"}, "email"),
        ({"name": 1}, "type"),
        ({"font": "Comic Sans"}, "unknown"),
    ],
)
def test_what_does_not_fit_is_refused(desk: Desk, fields: dict[str, Any], code: str) -> None:
    before = brand(desk)
    (error,) = is_problem(change(desk, expect=422, **fields), 422)["errors"]
    assert error["field"] == next(iter(fields))
    assert error["code"] == code or code in {"type", "unknown"}
    assert brand(desk) == before


def test_a_colour_on_which_nothing_can_be_read_comes_back_with_a_better_one(desk: Desk) -> None:
    (error,) = is_problem(change(desk, expect=422, accent="#f59e0b"), 422)["errors"]
    assert "2.14:1" in error["message"]
    proposed = error["message"].split()[-1].rstrip(".")
    assert change(desk, accent=proposed).json()["accent"] == proposed


def test_contrast_is_that_of_wcag() -> None:
    assert colours.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colours.contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)
    assert colours.contrast("#2f5bd3", "#2f5bd3") == 1
    assert colours.readable_on_white("#767676") == "#767676"


@pytest.mark.parametrize("colour", ["#ffffff", "#ffff00", "#00ff00", "#777777", "#f59e0b", "#ff0000"])
def test_the_proposed_tone_is_the_nearest_that_can_be_read(colour: str) -> None:
    found = colours.readable_on_white(colour)
    assert 4.5 <= colours.contrast(found, "#ffffff") < 4.65
    given, made = ([int(each[at : at + 2], 16) for at in (1, 3, 5)] for each in (colour, found))
    assert all(new <= old for new, old in zip(made, given, strict=True))
    assert made.index(max(made)) == given.index(max(given))


@pytest.mark.parametrize(
    ("source", "size"),
    [
        (picture(200, 50), (200, 50)),
        (picture(4000, 960, mode="RGBA"), (400, 96)),
        (picture(96, 960, "WEBP"), (10, 96)),
        (picture(1600, 100, "JPEG", mode="CMYK"), (400, 25)),
        (picture(300, 300, mode="P"), (96, 96)),
    ],
)
def test_a_logo_is_scaled_down_and_served_as_a_picture_alone(desk: Desk, source: bytes, size: tuple[int, int]) -> None:
    answer = put_logo(desk, source)
    assert answer.status_code == 200, answer.text
    logo = brand(desk)["logo"]
    assert (logo["width"], logo["height"]) == size
    served = desk.anyone().get(logo["url"], expect=200)
    assert served.headers["content-type"] == "image/png"
    assert served.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in served.headers["cache-control"]
    with Image.open(io.BytesIO(served.content)) as image:
        assert (image.format, image.size) == ("PNG", size)


def test_a_logo_loses_its_metadata_and_stands_upright(desk: Desk) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "the camera's secret"
    put_logo(desk, picture(60, 30, "JPEG", exif=exif))
    served = desk.anyone().get("/brand/logo").content
    assert b"secret" not in served
    with Image.open(io.BytesIO(served)) as image:
        assert image.size == (30, 60)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize("data", [SVG, b"GIF89a", b"plain", picture(9, 9)[:40], b"\x89PNG\r\n\x1a\n" + SVG])
def test_what_is_no_picture_is_refused(desk: Desk, data: bytes) -> None:
    (error,) = is_problem(put_logo(desk, data), 422)["errors"]
    assert (error["field"], error["code"]) == ("file", "not_an_image")
    assert brand(desk)["logo"] is None


def test_a_logo_that_is_too_large_or_no_file_is_refused(desk: Desk) -> None:
    is_problem(put_logo(desk, picture(9, 9) + bytes(256 * 1024)), 413, "too_large")
    is_problem(put_logo(desk, b""), 422)
    is_problem(desk.as_("ada").put("/staff/brand/logo", {"file": "x"}), 415)
    assert brand(desk)["logo"] is None


def test_a_logo_is_kept_by_browsers_until_it_is_another(desk: Desk) -> None:
    put_logo(desk, png("teal"))
    first = brand(desk)["logo"]["url"]
    plain = desk.anyone().get("/brand/logo", expect=200)
    assert plain.headers["cache-control"] == "public, no-cache"
    again = desk.anyone().get("/brand/logo", headers={"If-None-Match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    put_logo(desk, png("red"))
    assert brand(desk)["logo"]["url"] != first
    assert "immutable" not in desk.anyone().get(first, expect=200).headers["cache-control"]
    desk.as_("ada").delete("/staff/brand/logo", expect=200)
    is_problem(desk.anyone().get("/brand/logo"), 404)
    assert brand(desk)["logo"] is None
    assert [event["data"]["changes"]["logo"] for event in events_of(desk, "brand.changed")] == [
        [False, True],
        [True, True],
        [True, False],
    ]


def test_it_is_the_admins_to_change(desk: Desk) -> None:
    for who in ("alice", "sam"):
        desk.as_(who).patch("/staff/brand", {"name": "Mine"}, expect=403)
        assert put_logo(desk, png(), who=who).status_code == 403
    desk.anyone().patch("/staff/brand", {"name": "Mine"}, expect=401)
    assert brand(desk)["name"] == "Deskhand"


def test_mails_speak_for_it(desk: Desk) -> None:
    change(desk, name="Acme Help")
    ticket = desk.new_ticket()
    desk.as_("sam").post(f"/staff/tickets/{ticket['id']}/replies", {"body": "Try again."}, expect=201)
    desk.work()
    (reply,) = desk.read(lambda tx: tx.execute(select(mails.c.content).where(mails.c.kind == "reply")).scalars().all())
    assert "From: Sam Okafor via Acme Help <" in reply


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BRAND_ACCENT", "teal"),
        ("BRAND_ACCENT", "#ffff00"),
        ("SUPPORT_ADDRESS", "nobody"),
        ("FRAME_ANCESTORS", "app.example.com"),
        ("FRAME_ANCESTORS", "https://app.example.com/path"),
        ("FRAME_ANCESTORS", "https://app.example.com; script-src *"),
        ("FRAME_ANCESTORS", "*"),
        ("FRAME_ANCESTORS", "https://a.example https://b.example"),
    ],
)
def test_a_setting_that_cannot_be_is_told_at_start(name: str, value: str) -> None:
    with pytest.raises(BadSettings, match=f"DESKHAND_{name}"):
        Settings.load(BASE | {f"DESKHAND_{name}": value})


def test_those_who_may_embed_the_desk_stand_in_its_policy(database_url: str, tmp_path: Path) -> None:
    loaded = Settings.load(BASE | {"DESKHAND_FRAME_ANCESTORS": "https://app.example.com, http://*.corp.example:8080"})
    with running(database_url, tmp_path, frame_ancestors=loaded.frame_ancestors) as desk:
        policy = desk.client.get("/login").headers["content-security-policy"]
    allowed = "frame-ancestors 'self' https://app.example.com http://*.corp.example:8080"
    assert policy.split("; ")[-1] == allowed
