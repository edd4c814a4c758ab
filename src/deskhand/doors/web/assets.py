"""Style sheet, scripts and icons: served compressed, under a name that changes with them, and kept by browsers."""

from functools import cache
from hashlib import sha256
from importlib.resources import files

from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = files("deskhand.doors.web").joinpath("static")


class _Kept(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            named = scope["path_params"].get("version") == version()
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if named else "no-cache"
        return response


@cache
def version() -> str:
    """A digest of everything in the folder."""
    digest = sha256()
    for part in ("", "js", "vendor"):
        for file in sorted(FOLDER.joinpath(part).iterdir(), key=lambda file: file.name):
            if file.is_file():
                digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def prefix() -> str:
    """What stands before an asset's name on pages. Scripts import each other by names relative to theirs."""
    return f"/static/{version()}"


MOUNT = Mount("/static/{version}", GZipMiddleware(_Kept(packages=[("deskhand.doors.web", "static")]), minimum_size=500))
