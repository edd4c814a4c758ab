"""Writes the next migration: what the tables in the code have and the newest revision does not.

    python scripts/revision.py "tickets can be merged"

Read and edit what it wrote: raw DDL, data to carry over and locks on large tables are yours to think of.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from deskhand import migrations


def main(message: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/newest.db"
        migrations.upgrade(url)
        written = migrations.write_revision(url, message)
    lines = written.read_text().splitlines(keepends=True)
    written.write_text("".join(line for line in lines if not line.strip().startswith("# ###")))  # Alembic's chatter
    for tidy in (["check", "--fix-only", "--quiet"], ["format", "--quiet"]):
        subprocess.run([Path(sys.executable).with_name("ruff"), *tidy, written], check=True)
    print(written)


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].strip():
        sys.exit('Say in a few words what changes: make revision m="tickets can be merged"')
    main(sys.argv[1])
