# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/repro in a small tree: what it varies, and that it sees what differs."""

import os
import shutil
import subprocess

import pytest
from conftest import TOP

FILES = ("guest/init", "guest-dev/init", "bin/tool", "image/production/initrd", "workload/redis.img", "firmware/OVMF.fd")

# Each result holds what the shell prints for it.
MAKEFILE = """\
image:
\t@mkdir -p {folders}
{rules}"""


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "tree/scripts").mkdir(parents=True)
    for name in ("repro", "lib.sh"):
        shutil.copy(TOP / "scripts" / name, tmp_path / "tree/scripts")
    (tmp_path / "tree/.gitignore").write_text("/build/\n")
    (tmp_path / "tmp").mkdir()
    subprocess.run(["git", "init", "-q"], cwd=tmp_path / "tree", check=True)
    env = dict(os.environ, TMPDIR=str(tmp_path / "tmp"), NACRE_CACHE=str(tmp_path / "cache"))

    def go(*args, **commands):
        """Each result is made by `echo same`, or by the command given for it; then compared."""
        lines = "".join(f"\t@{{ {commands.get(name.split('/')[-1].split('.')[0], 'echo same')}; }} >build/{name}\n" for name in FILES)
        (tmp_path / "tree/Makefile").write_text(
            MAKEFILE.format(folders=" ".join(f"build/{os.path.dirname(name)}" for name in FILES), rules=lines))
        subprocess.run(["make", "-s", "image"], cwd=tmp_path / "tree", check=True, env=env)
        return subprocess.run(["scripts/repro", *args], cwd=tmp_path / "tree", env=env, capture_output=True, text=True,
                              check=False)

    go.folder = tmp_path
    return go


def test_the_same(tree):
    (tree.folder / "tree/build/bin").mkdir(parents=True)
    (tree.folder / "tree/build/bin/x.sig").write_text("another one each time")
    got = tree()
    assert (got.returncode, got.stdout, got.stderr) == (0, f"repro: {len(FILES)} files, the same bytes twice\n", "")
    assert list((tree.folder / "tmp").iterdir()) == []


@pytest.mark.parametrize("command", [
    "pwd", "umask", "date +%Z", 'echo "$$LC_ALL"', 'echo "$$USER"', 'echo "$$HOME"', "nproc", "stat -c %y Makefile",
    "head -c 8 /dev/urandom", 'echo "$$LANGUAGE"',
])
def test_differences_show(tree, command):
    if command == "nproc" and len(os.sched_getaffinity(0)) < 2:
        command = "head -c 8 /dev/urandom"  # one CPU: nothing to vary
    got = tree(initrd=command)
    assert got.returncode == 1
    assert "repro: build/image/production/initrd differs" in got.stdout
    assert f"repro: 1 of {len(FILES)} differ; the second build is in {tree.folder}/tmp" in got.stdout
    assert list((tree.folder / "tmp").iterdir()) != []


def test_missing_and_more(tree):
    got = tree(init='[ "$$USER" = somebody ] && echo >build/bin/more; echo same')
    assert got.returncode == 1
    assert "> build/bin/more" in got.stdout


def test_second_build_fails(tree):
    got = tree(tool='[ "$$USER" != somebody ] || { echo no luck >&2; exit 7; }')
    assert got.returncode == 1
    assert "no luck" in got.stderr
    assert "the second build failed" in got.stderr


def test_what_is_shared(tree):
    cache = tree.folder / "cache"
    for name in ("src", "deps", "deps-musl-1", "kernel-1", "firmware-1", "workload-1", "ccache"):
        (cache / name).mkdir(parents=True)
    listing = 'ls "$$NACRE_CACHE" | tr "\\n" " " >>' + f"{tree.folder}/shared; echo same"
    assert tree(initrd=listing).returncode == 0
    assert tree("kernel", initrd=listing).returncode == 0
    first = "ccache deps deps-musl-1 firmware-1 kernel-1 src workload-1 "
    assert (tree.folder / "shared").read_text() == \
        first + "deps deps-musl-1 firmware-1 kernel-1 src " + first + "deps deps-musl-1 src "


def test_usage(tree):
    got = tree("everything")
    assert got.returncode == 1
    assert "usage: repro [kernel]" in got.stderr
    shutil.rmtree(tree.folder / "tree/build")
    got = subprocess.run([tree.folder / "tree/scripts/repro"], capture_output=True, text=True, check=False)
    assert got.returncode == 1
    assert "run make image first" in got.stderr
