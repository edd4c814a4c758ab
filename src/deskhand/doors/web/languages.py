"""The pages' words in each language: one template environment a language, its catalogue and its dates."""

from functools import cache
from importlib.resources import files
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from jinja2 import Environment, PackageLoader, StrictUndefined

from deskhand.doors.web import bodies, dates, icons

LANGUAGES = {"en": "English", "de": "Deutsch"}
CATALOGUE = "locale/{language}.po"


@cache
def environment(language: str) -> Environment:
    """Templates in this language. Whatever they print is escaped."""
    env = Environment(
        loader=PackageLoader("deskhand.doors.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    env.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    env.globals.update(icon=icons.icon, LANGUAGES=LANGUAGES)  # type: ignore[call-overload]
    env.filters |= dates.filters(language) | {"body": bodies.body}
    return env


@cache
def translations(language: str) -> NullTranslations:
    """The catalogue. English is what stands in the templates."""
    if language == "en":
        return NullTranslations()
    source = files("deskhand.doors.web").joinpath(CATALOGUE.format(language=language))
    compiled = BytesIO()
    with source.open("rb") as text:
        write_mo(compiled, read_po(text, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def say(language: str, text: str) -> str:
    """`text` in this language; as it is where the catalogue has no word for it."""
    return translations(language).gettext(text) if text else text
