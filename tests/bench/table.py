# SPDX-License-Identifier: GPL-2.0-or-later
"""The bench's output: rows of what, value, budget, verdict."""

import sys


class Table:
    def __init__(self, quiet):
        self.quiet = quiet
        self.rows = []
        self.name = ""

    def section(self, name, title):
        self.name = name
        self.progress("")
        if not self.quiet:
            print(f"\n-- {title}", flush=True)

    def row(self, what, value, unit, limit=None, note=""):
        """limit: the most that the budget allows, in the same unit."""
        met = None if limit is None else value <= limit
        self.rows.append({"section": self.name, "what": what, "value": value, "unit": unit, "budget": limit, "met": met,
                          "note": note})
        self.progress("")
        if self.quiet:
            return
        budget = "" if limit is None else f"<= {shown(limit)} {unit}"
        verdict = {None: "", True: "met", False: "NOT MET"}[met]
        print(f"{what:<54} {shown(value):>10} {unit:<4} {budget:<14} {verdict:<8} {note}".rstrip(), flush=True)

    def skipped(self, what, why):
        self.rows.append({"section": self.name, "what": what, "value": None, "unit": "", "budget": None, "met": None,
                          "note": f"skipped: {why}"})
        self.progress("")
        if not self.quiet:
            print(f"{what:<54} skipped: {why}", flush=True)

    def progress(self, text):
        """What is going on, on a terminal; the next row wipes it out."""
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\033[K{text}")
            sys.stderr.flush()

    def summary(self):
        judged = [r for r in self.rows if r["met"] is not None]
        missed = [r["what"] for r in judged if not r["met"]]
        print(f"\nbudgets: {len(judged) - len(missed)} of {len(judged)} met" +
              (f"; not met: {', '.join(missed)}" if missed else ""))


def shown(value):
    if isinstance(value, float):
        return f"{value:.2f}" if value < 10 else f"{value:.1f}"
    return f"{value:,}"
