"""`python -m benchmarks.peers.ours HOME`: takes in what waits in a home and writes what that alone cost.

The CPU seconds that it writes are those of the work, without the start of Python, the loading of formats, which a peer's import
does before its clock starts too, and the making of the database.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.bench_chat import timed_ingest
from egregora_assets.chat.formats.registry import formats
from egregora_assets.config import load_settings

if __name__ == "__main__":
    formats()
    print(timed_ingest(load_settings(Path(sys.argv[1]))))
