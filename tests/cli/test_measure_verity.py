# SPDX-License-Identifier: GPL-2.0-or-later
"""nacre-measure verity beside veritysetup: the same root hashes and the same bytes on the disk."""
import json
import os
import pathlib
import random
import shutil
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
MEASURE = TOP / os.environ.get("NACRE_BUILD", "build") / "bin/nacre-measure"
UUID = "6e616372-6520-4000-8000-00000000007e"
SALT = "6e6163726500"

pytestmark = pytest.mark.skipif(not shutil.which("veritysetup"), reason="veritysetup is not installed")


def verity(*args):
    return subprocess.run([MEASURE, "verity", *map(str, args)], text=True, capture_output=True, timeout=120)


def veritysetup(data, tree, *args):
    out = subprocess.run(["veritysetup", "format", *map(str, args), str(data), str(tree)], check=True, text=True,
                         capture_output=True).stdout
    return next(line.split()[-1] for line in out.splitlines() if line.startswith("Root hash:"))


def image(path, blocks, block_size=4096, sparse=False):
    with open(path, "wb") as f:
        if not sparse:
            f.write(random.Random(blocks).randbytes(blocks * block_size))
            return
        f.truncate(blocks * block_size)
        for at in range(0, blocks, 777):
            f.seek(at * block_size)
            f.write(b"data")


def compare(tmp_path, blocks, alg, salt, superblock, data_block=4096, hash_block=4096, sparse=False):
    data, theirs, ours = tmp_path / "data.img", tmp_path / "theirs.img", tmp_path / "ours.img"
    image(data, blocks, data_block, sparse)
    sizes = ["--data-block-size", data_block, "--hash-block-size", hash_block, "--hash", alg, "--salt", salt]
    root = veritysetup(data, theirs, *sizes, *(["--uuid", UUID] if superblock else ["--no-superblock"]))
    mine = verity(data, *sizes, "--format-out", ours, "--json", *(["--superblock", "--uuid", UUID] if superblock else []))
    assert (mine.returncode, mine.stderr) == (0, "")
    got = json.loads(mine.stdout)
    assert got["root_hash"] == root
    assert got["hash_start_block"] == (1 if superblock else 0)
    assert ours.read_bytes() == theirs.read_bytes()
    # the root hash alone, without writing
    assert json.loads(verity(data, *sizes, "--json").stdout)["root_hash"] == root
    # behind the data, as veritysetup does it with the data file as hash file
    shutil.copyfile(data, theirs)
    shutil.copyfile(data, ours)
    offset = -(-blocks * data_block // hash_block) * hash_block
    assert veritysetup(theirs, theirs, *sizes, "--data-blocks", blocks, "--hash-offset", offset,
                       *(["--uuid", UUID] if superblock else ["--no-superblock"])) == root
    mine = verity(ours, *sizes, "--append", "--json", *(["--superblock", "--uuid", UUID] if superblock else []))
    assert mine.returncode == 0, mine.stderr
    assert json.loads(mine.stdout)["hash_start_block"] == offset // hash_block + (1 if superblock else 0)
    assert ours.read_bytes() == theirs.read_bytes()


# level boundaries: 128 sha256 digests a 4096-byte block (64 of sha384), 128 * 128 = 16384
@pytest.mark.parametrize("superblock", [False, True])
@pytest.mark.parametrize("alg, blocks", [
    ("sha256", 1), ("sha256", 2), ("sha256", 127), ("sha256", 128), ("sha256", 129), ("sha256", 255), ("sha256", 257),
    ("sha256", 8193), ("sha384", 1), ("sha384", 63), ("sha384", 64), ("sha384", 65), ("sha384", 4096), ("sha384", 4097),
])
def test_boundaries(tmp_path, alg, blocks, superblock):
    compare(tmp_path, blocks, alg, SALT, superblock)


@pytest.mark.parametrize("blocks", [16383, 16384, 16385])
def test_third_level(tmp_path, blocks):
    compare(tmp_path, blocks, "sha256", "-", False, sparse=True)


def test_many_windows_and_holes(tmp_path):
    compare(tmp_path, 2 * 512 * 128 + 5, "sha256", SALT, True, sparse=True)


@pytest.mark.parametrize("data_block, hash_block", [(1024, 4096), (4096, 1024), (1024, 1024), (2048, 4096)])
@pytest.mark.parametrize("blocks", [1, 2, 33, 129, 1025])
def test_block_sizes(tmp_path, blocks, data_block, hash_block):
    compare(tmp_path, blocks, "sha256", SALT, True, data_block, hash_block)


@pytest.mark.parametrize("salt", ["-", "00", "ab" * 32, "cd" * 256])
def test_salts(tmp_path, salt):
    compare(tmp_path, 130, "sha256", salt, True)


def test_workload_image():
    """the geometry of the built image, from veritysetup at build time, is what we find"""
    env = TOP / "build/workload/redis.env"
    if not env.exists():
        pytest.skip("no workload image is built")
    want = dict(line.split("=", 1) for line in env.read_text().splitlines())
    got = json.loads(verity(TOP / "build/workload/redis.img", "--salt", want["SALT"], "--data-blocks",
                            want["DATA_BLOCKS"], "--json").stdout)
    assert got["root_hash"] == want["ROOT_HASH"]
    assert got["policy_image"]["hash_start_block"] == int(want["HASH_START_BLOCK"])


def test_forms(tmp_path):
    data = tmp_path / "data.img"
    image(data, 3)
    got = json.loads(verity(data, "--salt", "aabb", "--json").stdout)
    root = got["root_hash"]
    assert list(got) == sorted(got)
    assert got["kernel_table"] == (f"0 24 verity 1 DATA HASH 4096 4096 3 3 sha256 {root} aabb "
                                   "2 panic_on_corruption panic_on_error")
    assert got["kernel_verity_params"] == (f"root_hash={root},salt=aabb,data_blocks=3,data_block_size=4096,"
                                           "hash_block_size=4096")
    assert got["policy_image"] == {
        "data_block_size": 4096, "data_blocks": 3, "device": "image", "filesystem": "erofs", "hash": "sha256",
        "hash_block_size": 4096, "hash_start_block": 3, "root_hash": root, "salt": "aabb"}
    text = verity(data, "--salt", "aabb").stdout
    assert f"root_hash            {root}\n" in text
    assert json.loads(text.splitlines()[3].split(" ", 1)[1]) == got["policy_image"]
    # other guests' geometries are not offered as ours
    got = json.loads(verity(data, "--hash", "sha384", "--json").stdout)
    assert "policy_image" not in got and "kernel_verity_params" not in got
    assert " - 2 panic" in got["kernel_table"]


def test_append_again(tmp_path):
    data = tmp_path / "data.img"
    image(data, 200)
    first = verity(data, "--append")
    once = data.read_bytes()
    assert len(once) == (200 + 3) * 4096
    again = verity(data, "--append", "--data-blocks", 200)
    assert again.stdout == first.stdout
    assert data.read_bytes() == once


@pytest.mark.parametrize("size, args, code, text", [
    (0, [], 3, "0 bytes are not one or more blocks"),
    (4097, [], 3, "4097 bytes are not one or more blocks"),
    (8192, ["--data-blocks", "3"], 3, "fewer than 3 blocks"),
    (8192, ["--data-blocks", "0"], 3, "data blocks: 0"),
    (8192, ["--salt", "abc"], 2, "--salt"),
    (8192, ["--salt", "AB"], 2, "--salt"),
    (8192, ["--salt", "ab" * 257], 2, "--salt"),
    (8192, ["--hash", "md5"], 2, "--hash"),
    (8192, ["--data-block-size", "512"], 2, "--data-block-size"),
    (8192, ["--hash-block-size", "3000"], 2, "--hash-block-size"),
    (8192, ["--superblock"], 2, "--uuid"),
    (8192, ["--uuid", UUID], 2, "--superblock"),
    (8192, ["--superblock", "--uuid", UUID[:-1]], 2, "--uuid"),
    (8192, ["--superblock", "--uuid", UUID.replace("-", "0")], 2, "--uuid"),
    (8192, ["--superblock", "--uuid", UUID.upper()], 2, "--uuid"),
    (8192, ["--append", "--format-out", "/dev/null"], 2, "exclude"),
    (8192, ["--format-out", "/dev/null"], 3, "not a regular file"),
    (8192, ["--format-out", "/nonexistent/tree"], 3, "/nonexistent/tree"),
    (8192, ["--salt", "00", "--salt", "00"], 2, "twice"),
    (8192, ["--bogus"], 2, "--bogus"),
    (8192, ["another"], 2, "one file"),
])
def test_errors(tmp_path, size, args, code, text):
    (tmp_path / "data.img").write_bytes(bytes(size))
    got = verity(tmp_path / "data.img", *args)
    assert (got.returncode, got.stdout) == (code, "")
    assert text in got.stderr
    assert (tmp_path / "data.img").stat().st_size == size


def test_not_over_itself(tmp_path):
    image(tmp_path / "data.img", 4)
    before = (tmp_path / "data.img").read_bytes()
    os.link(tmp_path / "data.img", tmp_path / "same.img")
    got = verity(tmp_path / "data.img", "--format-out", tmp_path / "same.img")
    assert got.returncode == 3
    assert "--append" in got.stderr
    assert (tmp_path / "data.img").read_bytes() == before


def test_missing_and_folder(tmp_path):
    assert verity(tmp_path / "none").returncode == 3
    assert "not a regular file" in verity(tmp_path).stderr


def test_help():
    got = verity("--help")
    assert got.returncode == 0
    assert got.stdout.startswith("usage: nacre-measure verity")
