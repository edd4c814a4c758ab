"""Before an act's transaction opens: what takes time is worked out, and long texts hold up no other request."""

import asyncio

from deskhand.kit.inputs import Input

_SHORT = 4_096  # characters of a body; at ten times as many, Markdown may take a tenth of a second


async def prepare(new: object) -> None:
    if not isinstance(new, Input):
        return
    if len(getattr(new, "body", None) or "") > _SHORT:
        await asyncio.to_thread(new.prepare)
    else:
        new.prepare()
