"""English as pages say it, which notes what the German catalogue has no words for."""

from functools import cache

from babel.support import NullTranslations

from deskhand.doors.web import languages

untranslated: set[str] = set()


class NotingTranslations(NullTranslations):
    def gettext(self, message: str) -> str:
        if not _known(message):
            untranslated.add(message)
        return message


@cache
def _known(message: str) -> bool:
    german = languages.translations("de")
    return message in german._catalog or (message, 0) in german._catalog  # type: ignore[attr-defined]
