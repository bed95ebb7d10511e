# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/fetch: the locked bytes or nothing."""

import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from conftest import TOP, run


def test_unpacks_and_patches(mirror):
    done = mirror.fetch()
    assert done.returncode == 0, done.stderr
    out = mirror.tmp / "out"
    assert (out / "hello.c").read_text() == "second\n"
    assert (out / "debian/patches/fix.patch").exists()
    # A patched file must not look newer than a generated one.
    assert (out / "hello.c").stat().st_mtime == (out / "Makefile.in").stat().st_mtime
    assert done.stdout == done.stderr == "", "silent where nobody looks"


def test_second_call_does_nothing(mirror):
    assert mirror.fetch().returncode == 0
    (mirror.tmp / "out/hello.c").write_text("mine\n")
    assert mirror.fetch().returncode == 0
    assert (mirror.tmp / "out/hello.c").read_text() == "mine\n"


def test_other_folder_is_not_touched(mirror):
    (mirror.tmp / "out").mkdir()
    (mirror.tmp / "out/precious").write_text("x")
    done = mirror.fetch()
    assert done.returncode != 0 and "remove it first" in done.stderr
    assert [p.name for p in (mirror.tmp / "out").iterdir()] == ["precious"]


def test_from_the_cache_without_a_mirror(mirror):
    assert mirror.fetch().returncode == 0
    run("rm", "-r", mirror.tmp / "mirror")
    assert mirror.fetch(to="again").returncode == 0
    assert (mirror.tmp / "again/hello.c").read_text() == "second\n"


def test_security_archive_for_updates(mirror):
    mirror.rows.pop(0)
    mirror.add("pool/updates/main/t/toy/toy_1.0.orig.tar.gz", {"toy-1.0/hello.c": "first\n"})
    mirror.rows.sort(key=lambda r: ".debian." in r[2])
    mirror.write_lock()
    done = mirror.fetch()
    assert done.returncode == 0, done.stderr


def test_file_that_moved_between_the_archives(mirror):
    """An update starts in the security archive and moves into main: both places are tried, the hash decides."""
    place = mirror.security / "pool/updates/main/t/toy"
    place.mkdir(parents=True)
    for file in (mirror.archive / "pool/main/t/toy").iterdir():
        file.rename(place / file.name)
    done = mirror.fetch()
    assert done.returncode == 0, done.stderr


def test_wrong_hash_is_refused_and_removed(mirror):
    mirror.rows[0][3] = "0" * 64
    mirror.write_lock()
    done = mirror.fetch()
    assert done.returncode != 0
    assert "toy_1.0.orig.tar.gz" in done.stderr and "SHA-256" in done.stderr and "0" * 64 in done.stderr
    assert not (mirror.tmp / "out").exists()
    assert mirror.cached() == [] and list((mirror.cache / "src").glob(".part*")) == []


def test_vanished_version_names_the_way_out(mirror):
    (mirror.archive / "pool/main/t/toy/toy_1.0-2.debian.tar.xz").unlink()
    done = mirror.fetch()
    assert done.returncode != 0
    assert done.stderr == ('fetch: toy 1.0-2 is no longer in the Debian archive '
                           '(pool/main/t/toy/toy_1.0-2.debian.tar.xz): see docs/building.md, "Moving the lock"\n')
    assert "## Moving the lock" in (TOP / "docs/building.md").read_text()
    assert not (mirror.tmp / "out").exists()


def test_vanished_version_over_http(mirror):
    (mirror.archive / "pool/main/t/toy/toy_1.0-2.debian.tar.xz").unlink()
    handler = partial(SimpleHTTPRequestHandler, directory=mirror.archive.parent)
    handler.log_message = None
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        mirror.use(f"http://127.0.0.1:{server.server_port}/debian")
        done = mirror.fetch()
        server.shutdown()
    assert done.returncode != 0
    assert len(mirror.cached()) == 1, "the orig tarball came over HTTP"
    assert 'toy 1.0-2 is no longer in the Debian archive' in done.stderr and "Moving the lock" in done.stderr


def test_damaged_cache_is_removed(mirror):
    assert mirror.fetch().returncode == 0
    name = mirror.cached()[0]
    (mirror.cache / "src" / name).write_bytes(b"damaged")
    done = mirror.fetch(to="again")
    assert done.returncode != 0 and "run again" in done.stderr
    assert name not in mirror.cached()
    assert mirror.fetch(to="again").returncode == 0


def test_patch_that_does_not_apply(mirror):
    mirror.rows.pop(0)
    mirror.add("pool/main/t/toy/toy_1.1.orig.tar.gz", {"toy-1.1/hello.c": "something else\n"})
    mirror.rows.reverse()
    mirror.write_lock()
    done = mirror.fetch()
    assert done.returncode != 0 and "fix.patch does not apply" in done.stderr
    assert not (mirror.tmp / "out").exists() and list(mirror.tmp.glob("out.part*")) == []


def test_unknown_component(mirror):
    done = mirror.fetch("nothing")
    assert done.returncode != 0 and "no component 'nothing'" in done.stderr


def test_malformed_lock_line(mirror):
    (mirror.tree / "rootfs/sources.lock").write_text("toy 1.0-2 pool/main/t/toy/x.orig.tar.gz\n")
    done = mirror.fetch()
    assert done.returncode != 0 and "sources.lock:1: not: name version path sha256" in done.stderr


def test_no_debian_mirror_configured(mirror):
    (mirror.tmp / "sources.list").write_text("deb [trusted=yes] file:/somewhere/else trixie main\n")
    done = mirror.fetch()
    assert done.returncode != 0 and "apt has no source for the Debian archive" in done.stderr


def test_many_at_once(mirror):
    fetch = [mirror.tree / "scripts/fetch", "toy"]
    places = [mirror.tmp / n for n in ("one", "one", "two", "two", "three")]
    running = [subprocess.Popen(fetch + [p], env=mirror.env, stderr=subprocess.PIPE, text=True) for p in places]
    for r in running:
        assert r.wait(timeout=60) == 0, r.stderr.read()
        r.stderr.close()
    assert all((p / "hello.c").read_text() == "second\n" for p in places)
    assert len(mirror.cached()) == 2
