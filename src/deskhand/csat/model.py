"""What a rating says."""

from typing import Annotated

from pydantic import ConfigDict, Field

from deskhand.kit.inputs import Input
from deskhand.kit.text import Block


class NewRating(Input):
    """1 (bad) to 5 (very good), and words if one likes."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"rating": 5, "comment": "Quick and clear."}]})

    rating: Annotated[int, Field(ge=1, le=5)]
    comment: Annotated[str, Block(2000, blank=True)] | None = None
