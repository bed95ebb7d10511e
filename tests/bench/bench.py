#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""bench: measure against the budgets of the design, as sizes and as ratios within one run on one machine.

    bench.py [--json] [--only SECTION]...      sections: sizes boot unlock join load memory measure verify

Nothing here passes or fails: a figure past its budget is printed as such. The VMs run under QEMU's emulation of
one CPU, so that times in the guest are worth something only beside other times in the same guest.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "boot"), str(TESTS / "cli")]

import guest  # noqa: E402
import host  # noqa: E402
import verify  # noqa: E402
from lab import make_lab  # noqa: E402
from table import Table  # noqa: E402

SECTIONS = {
    "sizes": host.sizes,
    "boot": guest.boot,
    "unlock": guest.unlock,
    "join": host.join,
    "load": host.load,
    "memory": guest.memory,
    "measure": host.measure,
    "verify": verify.verify,
}


def main():
    parser = argparse.ArgumentParser(description="measure against the budgets of the design")
    parser.add_argument("--json", action="store_true", help="one JSON array of rows instead of the table")
    parser.add_argument("--only", action="append", choices=SECTIONS, help="this section (may be given often)")
    options = parser.parse_args()
    table = Table(quiet=options.json)
    with tempfile.TemporaryDirectory() as d:
        lab = make_lab(d)
        for name, run in SECTIONS.items():
            if options.only is None or name in options.only:
                run(lab, table)
    if options.json:
        print(json.dumps(table.rows, indent=1, sort_keys=True))
    else:
        table.summary()


if __name__ == "__main__":
    main()
