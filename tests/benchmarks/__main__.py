"""``python -m tests.benchmarks [SECTION ...]``: measures, prints a table, writes build/bench.json."""

from __future__ import annotations

import argparse
import importlib
import time
from pathlib import Path

from tests.benchmarks.figures import Figure, keep, table
from tests.benchmarks.scratch import scratch

SECTIONS = ("idle", "passes", "recording", "rebuild", "pages", "browser", "at_once")
KEPT = Path(__file__).parents[2] / "build" / "bench.json"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the size: does it run at all?")
    chosen = parser.parse_args()
    if unknown := set(chosen.sections) - set(SECTIONS):
        parser.error(f"no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    figures: list[Figure] = []
    with scratch() as data_dir:
        for name in chosen.sections or SECTIONS:
            start = time.monotonic()
            section = importlib.import_module(f"tests.benchmarks.{name}")
            found = section.measure(data_dir, quick=chosen.quick)
            print(f"{name}: {time.monotonic() - start:.0f} s\n{table(found)}\n", flush=True)
            figures += found
            if not chosen.quick:
                keep(figures, KEPT)  # what is stopped later has lost nothing
    print(table(figures))


if __name__ == "__main__":
    main()
