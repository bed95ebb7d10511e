# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/install-packages: silent when nothing is missing, and says what is where it may not install."""

import os

import pytest
from conftest import TOP, run

SCRIPT = TOP / "scripts/install-packages"


@pytest.fixture
def fakes(tmp_path):
    """A PATH in front whose dpkg-query knows no package, whose apt-get writes down its arguments."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def fake(name, body):
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)

    fake("dpkg-query", "exit 1")
    fake("apt-get", f'echo "$@" >>{tmp_path}/calls; {{ [ "$1" = update ] || exit ${{APT_STATUS:-0}}; }}')
    fake("sleep", "exit 0")
    return folder, fake


def go(folder, **env):
    return run(SCRIPT, env=dict(os.environ, PATH=f"{folder}:{os.environ['PATH']}", **env))


def test_silent_when_all_is_there():
    done = run(SCRIPT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_installs_what_is_missing(fakes, tmp_path):
    folder, fake = fakes
    fake("id", "echo 0")
    done = go(folder)
    assert done.returncode == 0, done.stderr
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls[0] == "update -q" and calls[1].startswith("install -q -y --no-install-recommends ")
    assert "musl-tools" in calls[1].split() and len(calls) == 2


def test_tries_twice_then_shows_why(fakes, tmp_path):
    folder, fake = fakes
    fake("id", "echo 0")
    done = go(folder, APT_STATUS="100")
    assert done.returncode != 0 and "could not install" in done.stderr
    assert len((tmp_path / "calls").read_text().splitlines()) == 4


def test_without_root_names_the_missing(fakes, tmp_path):
    folder, fake = fakes
    fake("id", "echo 1000")
    done = go(folder)
    assert done.returncode != 0 and "musl-tools" in done.stderr and "as root" in done.stderr
    assert not (tmp_path / "calls").exists()
