"""Programs that bench_peers runs, each in a process of its own, and how they are installed and measured."""
