# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of the build scripts share: a copy of the tree, and a Debian mirror made of files."""

import hashlib
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("NACRE_CACHE")
             or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nacre")


@pytest.fixture
def tree(tmp_path):
    """The part of the tree that the scripts read, somewhere else."""
    top = tmp_path / "tree"
    top.mkdir()
    for name in ("scripts", "rootfs"):
        shutil.copytree(TOP / name, top / name)
    shutil.copytree(TOP / "tests/probe", top / "tests/probe")
    return top


@pytest.fixture
def fresh_cache(tmp_path):
    """A cache without results, but with the files of the archive that are here already."""
    cache = tmp_path / "cache"
    cache.mkdir()
    (CACHE / "src").mkdir(parents=True, exist_ok=True)
    (cache / "src").symlink_to(CACHE / "src")
    return cache


def run(*args, **kw):
    return subprocess.run([str(a) for a in args], text=True, capture_output=True, **kw)


class Mirror:
    """A Debian archive of files, an apt configuration that names it, and a tree whose lock points into it."""

    def __init__(self, tmp_path, tree):
        self.tree, self.tmp = tree, tmp_path
        self.archive = tmp_path / "mirror/debian"
        self.security = tmp_path / "mirror/debian-security"
        self.cache = tmp_path / "cache"
        self.archive.mkdir(parents=True)
        self.security.mkdir()
        self.sources = tmp_path / "sources.list"
        self.use(f"file:{self.archive}", f"file:{self.security}")
        conf = tmp_path / "apt.conf"
        (tmp_path / "lists/partial").mkdir(parents=True)
        conf.write_text(f'Dir::Etc::sourcelist "{self.sources}";\nDir::Etc::sourceparts "/dev/null";\n'
                        f'Dir::State::lists "{tmp_path}/lists";\nAcquire::http::Proxy "DIRECT";\n')
        self.env = dict(os.environ, APT_CONFIG=str(conf), NACRE_CACHE=str(self.cache))
        self.rows = []

    def use(self, *addresses):
        """Let apt's configuration name these archives, and one that is not Debian's first."""
        self.sources.write_text("".join(f"deb [trusted=yes] {a} trixie main\n"
                                        for a in (f"file:{self.tmp}/mirror/other", *addresses)))

    def add(self, path, files):
        """Pack files (name -> text) as the tarball at path of the archive, and lock it as component toy."""
        root = self.security if path.startswith("pool/updates/") else self.archive
        out = root / path
        out.parent.mkdir(parents=True, exist_ok=True)
        src = self.tmp / "pack"
        shutil.rmtree(src, ignore_errors=True)
        for name, text in files.items():
            (src / name).parent.mkdir(parents=True, exist_ok=True)
            (src / name).write_text(text)
        with tarfile.open(out, "w:gz" if path.endswith("gz") else "w:xz") as t:
            for entry in sorted(src.iterdir()):
                t.add(entry, arcname=entry.name)
        self.rows.append(["toy", "1.0-2", path, hashlib.sha256(out.read_bytes()).hexdigest()])
        self.write_lock()
        return out

    def write_lock(self):
        (self.tree / "rootfs/sources.lock").write_text("".join(" ".join(r) + "\n" for r in self.rows))

    def fetch(self, component="toy", to="out"):
        return run(self.tree / "scripts/fetch", component, self.tmp / to, env=self.env)

    def cached(self):
        return sorted(p.name for p in (self.cache / "src").glob("[0-9a-f]*"))


PATCH = """--- a/hello.c
+++ b/hello.c
@@ -1 +1 @@
-first
+second
"""


@pytest.fixture
def mirror(tmp_path, tree):
    m = Mirror(tmp_path, tree)
    m.add("pool/main/t/toy/toy_1.0.orig.tar.gz", {"toy-1.0/hello.c": "first\n", "toy-1.0/Makefile.in": "x\n"})
    m.add("pool/main/t/toy/toy_1.0-2.debian.tar.xz",
          {"debian/patches/series": "# comment\n\nfix.patch -p1\n", "debian/patches/fix.patch": PATCH})
    return m
