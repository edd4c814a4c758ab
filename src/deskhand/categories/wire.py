"""The shapes of categories."""

from sqlalchemy import RowMapping
from typing_extensions import TypedDict


class Category(TypedDict):
    slug: str
    name: str
    description: str


class Categories(TypedDict):
    categories: list[Category]


class StaffCategory(Category):
    position: int
    retired: bool


class StaffCategories(TypedDict):
    categories: list[StaffCategory]


def category(row: RowMapping) -> Category:
    return {"slug": row["slug"], "name": row["name"], "description": row["description"]}


def staff_category(row: RowMapping) -> StaffCategory:
    return {**category(row), "position": row["position"], "retired": row["retired_at"] is not None}
