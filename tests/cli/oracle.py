# SPDX-License-Identifier: GPL-2.0-or-later
"""sev-snp-measure from the Python package index, pinned, and firmware files to compare with it."""
import fcntl
import os
import pathlib
import random
import struct
import subprocess
import sys
import uuid

NAME = "sev-snp-measure==0.0.13"
HASH = "feda1aebe69dcbf38e9c636ed1d082bb7dc741fc6969f197d39faddb72b2762d"
# What it is used for needs nothing beyond the standard library but its ID blocks, which need python3-cryptography.

GUIDS = {
    "footer": "96b582de-1fb2-45f7-baea-a366c55a082d",
    "reset": "00f771de-1a7e-4fcb-890e-68c77e2fb44e",
    "hashes": "7255371f-3a3b-4b04-927b-1da6efa8d454",
    "sev": "dc886566-984a-4798-a75e-5585a7bf67cc",
    "tdx": "e47a6535-984a-4798-865e-4685a7bf8ec2",
    "secret": "4c2eb361-7d9b-4cc3-8081-127c90d3d294",
    "svsm": "a789a612-0597-4c4b-a49f-cbb1fe9d1ddd",
}
PAGE = 4096


def install():
    """Into the cache, once; the folder that holds the module."""
    cache = pathlib.Path(os.environ.get("NACRE_CACHE") or
                         pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "nacre")
    place = cache / f"oracle-{HASH[:16]}-py{sys.version_info.major}.{sys.version_info.minor}"
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / ".oracle.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "done").exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", place / "venv"], check=True)
            (place / "requirements.txt").write_text(f"{NAME} --hash=sha256:{HASH}\n", encoding="ascii")
            subprocess.run([place / "venv/bin/python", "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes",
                            "--disable-pip-version-check", "--target", place / "lib", "-r", place / "requirements.txt"],
                           check=True, timeout=600)
            (place / "done").touch()
    return place / "lib"


class Firmware:
    """A file with the footer and the metadata of an OVMF, of chosen or random contents."""

    def __init__(self, rng: random.Random, pages=None, sections=None):
        self.rng = rng
        self.pages = pages or rng.choice((1, 2, 3, 5))
        self.reset = struct.pack("<I", rng.randrange(1, 1 << 32))
        self.sections = self.some_sections() if sections is None else sections
        hashes = [gpa for gpa, _, kind in self.sections if kind == 0x10]
        offset = rng.randrange(0, PAGE - 176 + 1)
        self.hash_table = struct.pack("<II", hashes[0] + offset if hashes else 0, 0x400)
        self.signature, self.version, self.count, self.length = b"ASEV", 1, None, None
        self.distance = None
        self.svsm = None
        self.without = set()
        self.extra = b""
        self.shuffle = True

    def some_sections(self, hashes=None):
        """Sections that do not overlap, in any order."""
        kinds = [2, 3] + [self.rng.choice((1, 1, 4)) for _ in range(self.rng.randrange(0, 6))]
        if hashes or (hashes is None and self.rng.random() < 0.8):
            kinds.append(0x10)
        self.rng.shuffle(kinds)
        at, found = self.rng.randrange(0, 0x1000) * PAGE, []
        for kind in kinds:
            size = PAGE * (self.rng.randrange(1, 10) if kind in (1, 4) else 1)
            found.append((at, size, kind))
            at += size + PAGE * self.rng.randrange(0, 3)
        self.rng.shuffle(found)
        return found

    def metadata(self):
        count = len(self.sections) if self.count is None else self.count
        length = 16 + 12 * len(self.sections) if self.length is None else self.length
        return self.signature + struct.pack("<III", length, self.version, count) + \
            b"".join(struct.pack("<III", *section) for section in self.sections)

    def table(self, distance):
        entries = {"reset": self.reset, "hashes": self.hash_table, "sev": struct.pack("<I", distance)}
        if self.svsm is not None:
            entries["svsm"] = struct.pack("<I", self.svsm)
        for name in ("secret", "unknown"):
            if self.shuffle and self.rng.random() < 0.5:
                entries[name] = self.rng.randbytes(self.rng.randrange(0, 40))
        names = [name for name in entries if name not in self.without]
        if self.shuffle:
            self.rng.shuffle(names)
        rows = self.extra
        for name in names:
            guid = uuid.UUID(GUIDS[name]).bytes_le if name in GUIDS else self.rng.randbytes(16)
            rows += entries[name] + struct.pack("<H", len(entries[name]) + 18) + guid
        return rows + struct.pack("<H", len(rows) + 18) + uuid.UUID(GUIDS["footer"]).bytes_le

    def bytes(self):
        body = bytearray()
        for _ in range(self.pages):
            body += self.rng.choice((bytes(PAGE), b"\xff" * PAGE, self.rng.randbytes(PAGE), b"\x11" * PAGE))
        metadata, distance = self.metadata(), 1024 + 4 * self.rng.randrange(0, 64)
        body[len(body) - distance:len(body) - distance + len(metadata)] = metadata
        table = b"" if "footer" in self.without else self.table(self.distance or distance)
        end = len(body) - 32
        body[end - len(table):end] = table
        assert len(body) == self.pages * PAGE and len(table) < 600
        return bytes(body)
