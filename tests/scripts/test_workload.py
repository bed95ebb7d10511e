# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/build-workload: two images with their verity trees, the same bytes every time."""

import os
import shutil

import pytest
from conftest import TOP, run

FILES = ["redis.img", "redis.env", "probe.img", "probe.env"]


@pytest.fixture
def built(tree, fresh_cache):
    done = run(tree / "scripts/build-workload", env=dict(os.environ, NACRE_CACHE=str(fresh_cache)))
    assert done.returncode == 0, done.stderr
    return tree / "build/workload"


def env_of(path):
    return dict(line.split("=", 1) for line in path.read_text().split())


def verify(image, env):
    block = 4096
    return run("veritysetup", "verify", image, image, env["ROOT_HASH"], "--no-superblock", "--hash", "sha256",
               "--salt", env["SALT"], "--data-block-size", block, "--hash-block-size", block,
               "--data-blocks", env["DATA_BLOCKS"], "--hash-offset", int(env["HASH_START_BLOCK"]) * block)


@pytest.mark.parametrize("name", ["redis", "probe"])
def test_tree_fits_the_data(built, name, tmp_path):
    image, env = built / f"{name}.img", env_of(built / f"{name}.env")
    assert set(env) == {"ROOT_HASH", "SALT", "DATA_BLOCKS", "HASH_START_BLOCK"}
    assert verify(image, env).returncode == 0
    flipped = tmp_path / "flipped.img"
    shutil.copyfile(image, flipped)
    with open(flipped, "r+b") as f:
        f.seek(1024)
        byte = f.read(1)[0]
        f.seek(1024)
        f.write(bytes([byte ^ 1]))
    assert verify(flipped, env).returncode != 0
    # No verity superblock: the tree starts right behind the data, with a hash and not with a magic.
    with open(image, "rb") as f:
        f.seek(int(env["HASH_START_BLOCK"]) * 4096)
        assert f.read(8) != b"verity\0\0"


def test_same_bytes_anywhere(built, tree, tmp_path, fresh_cache):
    other = tmp_path / "elsewhere with space"
    shutil.copytree(tree, other, symlinks=True, ignore=shutil.ignore_patterns("build"))
    cache = tmp_path / "cache2"
    cache.mkdir()
    (cache / "src").symlink_to((fresh_cache / "src").resolve())
    old = os.umask(0o077)
    try:
        done = run(other / "scripts/build-workload", cwd="/",
                   env=dict(os.environ, NACRE_CACHE=str(cache), TZ="Asia/Tokyo", LANG="tr_TR.UTF-8"))
    finally:
        os.umask(old)
    assert done.returncode == 0, done.stderr
    for name in FILES:
        assert (built / name).read_bytes() == (other / "build/workload" / name).read_bytes(), name


def test_second_run_is_cached_and_a_change_is_not(built, tree, fresh_cache):
    env = dict(os.environ, NACRE_CACHE=str(fresh_cache))
    before = os.readlink(built / "redis.img")
    assert run(tree / "scripts/build-workload", env=env).returncode == 0
    assert os.readlink(built / "redis.img") == before
    with open(tree / "rootfs/redis.conf", "a") as f:
        f.write("# one more line\n")
    assert run(tree / "scripts/build-workload", env=env).returncode == 0
    assert os.readlink(built / "redis.img") != before
    assert env_of(built / "redis.env")["ROOT_HASH"] != env_of((built / before).parent / "redis.env")["ROOT_HASH"]


def test_library_closure_is_checked(tree, fresh_cache):
    files = tree / "rootfs/workload.files"
    files.write_text("".join(line for line in files.open() if "libzstd" not in line))
    done = run(tree / "scripts/build-workload", env=dict(os.environ, NACRE_CACHE=str(fresh_cache)))
    assert done.returncode != 0
    assert "libcrypto.so.3 needs libzstd.so.1, which no line brings" in done.stderr


def test_image_holds_the_listed_files_only(built, tmp_path):
    out = tmp_path / "files"
    done = run("fsck.erofs", f"--extract={out}", built / "redis.img")
    assert done.returncode == 0, done.stderr
    found = {"/" + str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()}
    listed = {line.split()[0] for line in (TOP / "rootfs/workload.files").read_text().splitlines()
              if line and not line.startswith("#")}
    assert found == listed | {"/etc/passwd", "/etc/group", "/etc/redis/redis.conf"}
    assert {p.name for p in out.iterdir()} == {"contrast", "state", "tmp", "proc", "dev", "run", "sys", "etc",
                                               "usr", "lib64"}


def test_redis_speaks_tls_only():
    lines = (TOP / "rootfs/redis.conf").read_text().splitlines()
    conf = dict(line.split(None, 1) for line in lines if line and not line.startswith("#"))
    assert conf["port"] == "0" and conf["tls-port"] == "6379"
    assert conf["tls-cert-file"] == "/contrast/tls-config/certChain.pem"
    assert conf["appendfsync"] == "always" and conf["dir"] == "/state"
    assert conf["enable-debug-command"] == conf["enable-module-command"] == "no"


def test_probe_says_what_it_is_asked(built, tmp_path):
    out = tmp_path / "files"
    assert run("fsck.erofs", f"--extract={out}", built / "probe.img").returncode == 0
    probe = out / "bin/probe"
    os.chmod(probe, 0o755)
    assert run(probe, "exit", "7").returncode == 7
    assert run(probe, "write", tmp_path / "value", "words").stdout == "probe=write\nwritten=5\n"
    assert run(probe, "read", tmp_path / "value").stdout == "probe=read\ncontent=words\n"
    report = dict(line.split("=", 1) for line in run(probe, "report").stdout.splitlines())
    assert report["uid"] == str(os.geteuid()) and report["seccomp"] in "02" and report["fds"].startswith("0,1,2")
    assert "INTERP" not in run("readelf", "-lW", probe).stdout
