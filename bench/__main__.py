"""`python -m bench [names…]`: measure, print a table, write bench.json. Fails when a bound is missed."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
import traceback
from pathlib import Path

from bench.row import Row

NAMES = ("graph", "film", "page", "room", "load")
"""In this order: the quiet ones first, so that nothing warm or busy is left over for the ones that count time."""
OUTPUT = Path("bench.json")
BASELINE_CHARS = 88


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *NAMES], help=f"of {', '.join(NAMES)}; all when none is named")
    chosen = parser.parse_args().names or NAMES
    rows: list[Row] = []
    for name in NAMES:
        if name in chosen:
            rows += measure(name)
            OUTPUT.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(table(rows))
    missed = [one["name"] for one in rows if not one["ok"]]
    print(f"\n{len(rows)} figures, {len(missed)} missed. Written to {OUTPUT}.")
    return 1 if missed else 0


def measure(name: str) -> list[Row]:
    """The rows of one benchmark; one failing row with the reason when it could not be run."""
    print(f"measuring {name} …", file=sys.stderr, flush=True)
    began = time.monotonic()
    try:
        found: list[Row] = importlib.import_module(f"bench.{name}").rows()
    except Exception as error:
        traceback.print_exc()
        reason = f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"
        return [Row(name=f"{name}: could not be measured", value=0, unit="", bound="", baseline=reason, ok=False)]
    print(f"measured {name} in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return found


def table(rows: list[Row]) -> str:
    """Aligned columns, one line a row."""
    head = ("", "name", "value", "unit", "bound", "measured beside")
    lines = [head] + [
        (
            "✓" if one["ok"] else "✗",
            one["name"],
            f"{one['value']:,.3g}" if abs(one["value"]) < 1000 else f"{one['value']:,.0f}",
            one["unit"],
            one["bound"],
            one["baseline"] if len(one["baseline"]) <= BASELINE_CHARS else one["baseline"][: BASELINE_CHARS - 1] + "…",
        )
        for one in rows
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    aligned = [
        [
            cell.rjust(width) if column == 2 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        for line in lines
    ]
    rule = "  ".join("─" * width for width in widths)
    texts = ["  ".join(cells).rstrip() for cells in aligned]
    return "\n".join([texts[0], rule, *texts[1:]])


if __name__ == "__main__":
    sys.exit(main())
