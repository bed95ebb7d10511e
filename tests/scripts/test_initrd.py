# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/build-initrd: what rootfs/manifest says, nothing else, and the same bytes every time."""

import os
import stat
import subprocess

import pytest
from conftest import CACHE, run

PROGRAMS = ["guest/init", "guest/init-volumes", "guest/init-launch", "guest/agent", "guest/mke2fs", "guest-dev/init",
            "guest-dev/agent"]
ENV = dict(os.environ, NACRE_CACHE=str(CACHE))


@pytest.fixture
def programs(tmp_path):
    for name in PROGRAMS:
        path = tmp_path / "programs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode() * 41)
    return tmp_path / "programs"


def build(tree, out, programs, image, **env):
    return run(tree / "scripts/build-initrd", out, programs, image, env={**ENV, **env})


def members(out):
    """{path: (mode, uid, gid, mtime, nlink, content)} of a newc archive."""
    data = subprocess.run(["zstd", "-dc", out], check=True, capture_output=True).stdout
    found, at, inodes = {}, 0, []
    while True:
        assert data[at:at + 6] == b"070701"
        f = [int(data[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
        name = data[at + 110:at + 110 + f[11] - 1].decode()
        body = (at + 110 + f[11] + 3) & ~3
        if name == "TRAILER!!!":
            assert len(inodes) == len(set(inodes))
            return found
        inodes.append(f[0])
        found[name] = (f[1], f[2], f[3], f[5], f[4], data[body:body + f[6]])
        at = (body + f[6] + 3) & ~3


def test_production_holds_exactly_this(tree, programs, tmp_path):
    done = build(tree, tmp_path / "initrd", programs, "production")
    assert done.returncode == 0, done.stderr
    found = members(tmp_path / "initrd")
    assert sorted(found) == ["dev", "init", "proc", "run", "sbin", "sbin/agent", "sbin/init-launch",
                             "sbin/init-volumes", "sbin/mke2fs", "sys", "tmp"]
    assert list(found) == sorted(found)
    assert found["init"][5] == b"guest/init" * 41
    assert found["sbin/agent"][5] == b"guest/agent" * 41
    for name, (mode, uid, gid, mtime, _, _) in found.items():
        assert (uid, gid, mtime) == (0, 0, 0), name
        assert not mode & 0o022 or name == "tmp", f"{name} can be written by others"
        assert not mode & (stat.S_ISUID | stat.S_ISGID), name


def test_dev_differs_by_its_init_its_agent_and_a_shell(tree, programs, tmp_path):
    assert build(tree, tmp_path / "p", programs, "production").returncode == 0
    done = build(tree, tmp_path / "d", programs, "dev")
    assert done.returncode == 0, done.stderr
    production, dev = members(tmp_path / "p"), members(tmp_path / "d")
    assert set(dev) - set(production) == {"bin", "bin/busybox", "bin/sh"}
    assert {n for n in production if production[n] != dev[n]} == {"init", "sbin/agent"}
    assert dev["init"][5] == b"guest-dev/init" * 41
    assert dev["bin/sh"][5] == b"busybox" and stat.S_ISLNK(dev["bin/sh"][0])
    assert dev["bin/busybox"][5][:4] == b"\x7fELF"


def test_same_bytes_anywhere(tree, programs, tmp_path):
    assert build(tree, tmp_path / "one", programs, "production").returncode == 0
    other = tmp_path / "elsewhere with space"
    run("cp", "-r", programs, other)
    for name in reversed(PROGRAMS):
        os.chmod(other / name, 0o640)
        os.utime(other / name, (1, 1))
    old = os.umask(0o077)
    try:
        done = build(tree, tmp_path / "two", other, "production", TZ="Asia/Tokyo", LC_ALL="", LANG="tr_TR.UTF-8")
    finally:
        os.umask(old)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert stat.S_IMODE((tmp_path / "two").stat().st_mode) == 0o644


def test_missing_program(tree, programs, tmp_path):
    (programs / "guest/agent").unlink()
    done = build(tree, tmp_path / "initrd", programs, "production")
    assert done.returncode != 0 and "/sbin/agent: there is no" in done.stderr
    assert not (tmp_path / "initrd").exists()


def test_path_named_twice(tree, programs, tmp_path):
    with open(tree / "rootfs/manifest", "a") as f:
        f.write("/init 0555 both guest/agent a second one\n")
    done = build(tree, tmp_path / "initrd", programs, "production")
    assert done.returncode != 0 and "names a path twice" in done.stderr


def test_unknown_image(tree, programs, tmp_path):
    done = build(tree, tmp_path / "initrd", programs, "debug")
    assert done.returncode != 0 and "production or dev" in done.stderr
