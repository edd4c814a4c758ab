"""How good search and categorisation are: `make quality`, or `make quality DATA=folder` for data of yours beside it.

The folder holds `kb_articles.jsonl` and `kb_queries.jsonl`, `categorisation.jsonl`, or both. Search is measured on both
databases, which must agree to the last query.
"""

import os
import platform
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from scripts import quality_categories, quality_search
from tests.support.postgres import postgres

from deskhand.categories.classify import UNSURE

OWN_REQUESTS = tuple(Path("tests/data", f"requests{which}.jsonl") for which in ("", "_trades", "_products"))
OWN_CENTRES = {
    "web data API": (Path("src/deskhand/doors/cli/demo/articles"), Path("tests/data/kb_queries.jsonl")),
    "invoicing": (Path("tests/data/kb_other"), None),
    "web hosting": (Path("tests/data/kb_hosting"), None),
    "German": (Path("tests/data/kb_de"), None),
    "French": (Path("tests/data/kb_fr"), None),
    "Spanish": (Path("tests/data/kb_es"), None),
    "Portuguese": (Path("tests/data/kb_pt"), None),
}
# (what, least) by the name of the line, as the project promises them.
PROMISED = {"all": (0.88, 0.72), "typo": (0.82, 0.0)}


def main(data: Path | None) -> int:
    """0 when every promise is kept."""
    began = time.monotonic()
    print(f"commit {_commit()}, data {data or 'only the own'}")
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {os.cpu_count()} processors; ", end="")
    print(f"default settings, a guess below {UNSURE} is general\n")
    with postgres() as url:
        kept = data is None or not (data / "kb_articles.jsonl").exists() or _search(data, url)
        kept &= _own_centres(url)
    theirs = [] if data is None else [data / "categorisation.jsonl"]
    quality_categories.main([str(path) for path in (*theirs, *OWN_REQUESTS) if path.exists()])
    print(f"\n{time.monotonic() - began:.0f} s")
    return 0 if kept else 1


def _search(data: Path, url: str) -> bool:
    print("Knowledge-base search")
    centre = quality_search.read(data)
    table = quality_search.measure(centre)
    quality_search.show(table)
    same = quality_search.measure(centre, url).lines == table.lines
    print(f"PostgreSQL answers {'alike' if same else 'DIFFERENTLY'}")
    missed = [
        f"{line.kind}: promised recall@5 {recall} and MRR {mrr}"
        for line in table.lines
        for recall, mrr in [PROMISED.get(line.kind, (0.0, 0.0))]
        if line.recall < recall or line.mrr < mrr
    ]
    print("\n".join(f"MISSED {line}" for line in missed) or "every promise kept", "\n")
    return same and not missed


def _own_centres(url: str) -> bool:
    """Whether both databases answer alike."""
    print(f"{'own help centres':16} {'articles':>8} {'queries':>7}   seen in tuning    never looked at")
    print(f"{'':16} {'':8} {'':7}  recall@5    MRR   recall@5    MRR")
    differ = []
    for name, (articles, queries) in OWN_CENTRES.items():
        centre = quality_search.read(articles, queries)
        seen, unseen = (quality_search.measure(centre.every_other(first)).lines[-1] for first in (0, 1))
        figures = f"{seen.recall:9.3f} {seen.mrr:6.3f}  {unseen.recall:9.3f} {unseen.mrr:6.3f}"
        print(f"{name:16} {len(centre.articles):8} {len(centre.queries):7} {figures}")
        if quality_search.ask(centre).ids != quality_search.ask(centre, url).ids:
            differ.append(name)
    print(f"PostgreSQL answers {'DIFFERENTLY: ' + ', '.join(differ) if differ else 'alike'}")
    return not differ


def _commit() -> str:
    asked = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return asked.stdout.strip() or "unknown"


if __name__ == "__main__":
    given = Path(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1] else None
    if given and not given.is_dir():
        sys.exit(f"{given} is no folder: make quality DATA=folder, or make quality")
    sys.exit(main(given))
