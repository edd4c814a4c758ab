"""The pages' words in each language: one template environment a language, its catalogue and its dates."""

from collections.abc import Callable
from decimal import Decimal
from functools import cache, lru_cache, partial
from importlib.resources import files
from io import BytesIO
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from deskhand.doors.web import bodies, dates, icons
from deskhand.doors.web.folding import FoldingEnvironment
from deskhand.doors.web.showing import Showing
from deskhand.kit.phrases import Phrase

LANGUAGES = {"en": "English", "de": "Deutsch"}
CATALOGUE = "locale/{language}.po"
_PURE = ("avatar", "pill", "prio", "priority_name", "status_name", "status_shape")


@cache
def environment(language: str) -> Environment:
    """Templates in this language. Whatever they print is escaped."""
    env = FoldingEnvironment(
        loader=PackageLoader("deskhand.doors.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    words = translations(language)
    env.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]
    for name in ("gettext", "ngettext"):
        env.globals[name] = _with_numbers(env.globals[name], language)  # type: ignore[arg-type]
    # As the calls would do it: what comes of them is a format, and safe.
    env.folds = {"_": lambda text: words.gettext(text) % {}, "icon": icons.icon}
    env.globals.update(icon=icons.icon, LANGUAGES=LANGUAGES, visit=Showing())  # type: ignore[call-overload]
    env.filters |= dates.filters(language) | {"body": bodies.body, "said": partial(say, language)}
    _keep_results(env)
    return env


def warm() -> None:
    """Compile what English pages are made of, so that the first visitor does not wait for it."""
    env = environment("en")
    for name in env.list_templates():
        env.get_template(name)


def _with_numbers(call: Callable[..., str], language: str) -> Callable[..., str]:
    """`gettext` or `ngettext` of templates, the numbers that they fill in written as in this language."""

    @pass_context
    def spoken(context: Context, *given: Any, **values: Any) -> str:
        counted = {"num": given[2]} if len(given) == 3 else {}
        return call(context, *given, **{name: _written(language, it) for name, it in (counted | values).items()})

    return spoken


def _written(language: str, value: Any) -> Any:
    return dates.number(language, value) if isinstance(value, int | Decimal) else value


def _keep_results(env: Environment) -> None:
    """Let macros that print the same for the same arguments, on every page, be called once for each."""
    module = env.get_template("shared/ui.html").module
    for name in _PURE:
        setattr(module, name, lru_cache(512)(getattr(module, name)))


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
    """`text` in this language, its numbers too; as it is where the catalogue has no word for it."""
    if isinstance(text, Phrase):
        return text.anew(translations(language).gettext(text.template), partial(_written, language))
    return translations(language).gettext(text) if text else text
