"""How good search and categorisation are, on data of your own: `make quality DATA=folder`.

The folder holds `kb_articles.jsonl` and `kb_queries.jsonl`, `categorisation.jsonl`, or both. Search is measured on both
databases, which must agree to the last query; the requests of the project's own tests are measured beside yours.
"""

import platform
import subprocess
import sys
from pathlib import Path

from scripts import quality_categories, quality_search
from tests.support.postgres import postgres

OWN_REQUESTS = Path("tests/data/requests.jsonl")
# (what, least) by the name of the line, as the project promises them.
PROMISED = {"all": (0.88, 0.72), "typo": (0.82, 0.0)}


def main(data: Path) -> int:
    """0 when every promise is kept."""
    print(f"commit {_commit()}, Python {platform.python_version()}, data {data}\n")
    kept = _search(data) if (data / "kb_articles.jsonl").exists() else True
    quality_categories.main([str(path) for path in (data / "categorisation.jsonl", OWN_REQUESTS) if path.exists()])
    return 0 if kept else 1


def _search(data: Path) -> bool:
    print("Knowledge-base search")
    table = quality_search.measure(data)
    quality_search.show(table)
    with postgres() as url:
        same = quality_search.measure(data, url).lines == table.lines
    print(f"PostgreSQL answers {'alike' if same else 'DIFFERENTLY'}")
    missed = [
        f"{line.kind}: promised recall@5 {recall} and MRR {mrr}"
        for line in table.lines
        for recall, mrr in [PROMISED.get(line.kind, (0.0, 0.0))]
        if line.recall < recall or line.mrr < mrr
    ]
    print("\n".join(f"MISSED {line}" for line in missed) or "every promise kept", "\n")
    return same and not missed


def _commit() -> str:
    asked = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return asked.stdout.strip() or "unknown"


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit("Say where the data is: make quality DATA=folder")
    sys.exit(main(Path(sys.argv[1])))
