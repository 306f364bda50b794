"""`python -m benchmarks.peers.ours HOME`: takes in what waits in a home and writes what that alone cost.

The CPU seconds that it writes are those of the work, without the start of Python and the making of the database.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.bench_chat import timed_ingest
from egregora_assets.config import load_settings

if __name__ == "__main__":
    print(timed_ingest(load_settings(Path(sys.argv[1]))))
