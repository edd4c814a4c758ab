"""How good search and categorisation are, on data of your own: `make quality DATA=folder`.

The folder holds `kb_articles.jsonl` and `kb_queries.jsonl`, `categorisation.jsonl`, or both. Search is measured on both
databases, which must agree to the last query; the requests and help centres of the project's own tests are measured
beside yours.
"""

import platform
import subprocess
import sys
from pathlib import Path

from scripts import quality_categories, quality_search
from tests.support.postgres import postgres

OWN_REQUESTS = Path("tests/data/requests.jsonl")
# name: articles, queries. They were written before the search was measured on them, and only the first, third… query of
# each was looked at in tuning.
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


def main(data: Path) -> int:
    """0 when every promise is kept."""
    print(f"commit {_commit()}, Python {platform.python_version()}, data {data}\n")
    kept = _search(data) if (data / "kb_articles.jsonl").exists() else True
    _own_centres()
    quality_categories.main([str(path) for path in (data / "categorisation.jsonl", OWN_REQUESTS) if path.exists()])
    return 0 if kept else 1


def _search(data: Path) -> bool:
    print("Knowledge-base search")
    centre = quality_search.read(data)
    table = quality_search.measure(centre)
    quality_search.show(table)
    with postgres() as url:
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


def _own_centres() -> None:
    print(f"{'own help centres':16} {'articles':>8} {'queries':>7}   seen in tuning    never looked at")
    print(f"{'':16} {'':8} {'':7}  recall@5    MRR   recall@5    MRR")
    for name, (articles, queries) in OWN_CENTRES.items():
        centre = quality_search.read(articles, queries)
        seen, unseen = (quality_search.measure(centre.every_other(first)).lines[-1] for first in (0, 1))
        figures = f"{seen.recall:9.3f} {seen.mrr:6.3f}  {unseen.recall:9.3f} {unseen.mrr:6.3f}"
        print(f"{name:16} {len(centre.articles):8} {len(centre.queries):7} {figures}")
    print()


def _commit() -> str:
    asked = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return asked.stdout.strip() or "unknown"


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit("Say where the data is: make quality DATA=folder")
    sys.exit(main(Path(sys.argv[1])))
