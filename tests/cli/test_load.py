# SPDX-License-Identifier: GPL-2.0-or-later
"""The Coordinator under load: many joins with flat memory, and hostile crowds that must not stop honest joins."""
import contextlib
import re
import subprocess
import sys
import time
import urllib.error

import pytest

from test_coordinator import BUILD, HOST_DATA, TOP, lab  # noqa: F401 (lab is a fixture)
from test_http import Web

JOINS = BUILD / "tools/joins"


def joins(lab, c, count, at_once, protocol="nacre/1"):  # noqa: F811
    """How many joined, in how many seconds."""
    r = subprocess.run([str(a) for a in (JOINS, lab.psp, c.port, lab.pin, HOST_DATA, lab.digest, count, at_once, protocol)],
                       text=True, capture_output=True, timeout=300)
    joined, failed, seconds, median, largest = r.stdout.split()
    assert (int(joined), int(failed), r.returncode) == (count, 0, 0), (r, c.log()[-2000:])
    return float(seconds), float(median), float(largest)


def resident_kib(c):
    return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{c.process.pid}/status").read())[1])


@contextlib.contextmanager
def crowd(c, kind, count, addresses, door="mesh"):
    process = subprocess.Popen([sys.executable, str(TOP / "tests/cli/crowd.py"), str(c.ports[door]), kind, str(count), str(addresses)],
                               stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        print(f"{kind}: {process.communicate(timeout=20)[0].strip()} connections opened")


def test_memory_is_flat(lab):  # noqa: F811
    """1,000 joins a minute is the goal; 5,000 must not take more memory than 1,000."""
    with Web(lab) as c:
        seconds, *_ = joins(lab, c, 1000, 8)
        assert seconds < 60
        first = resident_kib(c)
        joins(lab, c, 3000, 8)
        joins(lab, c, 1000, 8, "contrast")
        last = resident_kib(c)
        print(f"1,000 joins in {seconds:.1f} s; resident {first} KiB after 1,000 and {last} KiB after 5,000")
        assert last - first < 1024
        assert c.metric("nacre_answers_total", protocol="nacre/1", status="OK") == 4000
        assert c.metric("nacre_connections_open", listener="mesh") <= 8


@pytest.mark.parametrize("kind, addresses", [("silent", 1), ("silent", 250), ("slow", 1), ("slow", 250), ("garbage", 3),
                                             ("hello", 1), ("hello", 250), ("cut", 100)])
def test_hostile_crowd(lab, kind, addresses):  # noqa: F811
    """A thousand at once, who come back as soon as they are dropped."""
    with Web(lab) as c:
        quiet = joins(lab, c, 60, 4)
        with crowd(c, kind, 1000, addresses):
            for _ in range(100):
                if c.metric("nacre_connections_total", listener="mesh") > 1000:
                    break
                time.sleep(0.1)
            before = c.metric("nacre_connections_total", listener="mesh")
            crowded = joins(lab, c, 60, 4)
            assert c.metric("nacre_connections_open", listener="mesh") <= 512
            assert c.get("metrics", "/probe/readiness")[0] == 200
            came = c.metric("nacre_connections_total", listener="mesh") - before
        print(f"60 joins: {quiet[0]:.2f} s alone, {crowded[0]:.2f} s in a crowd of 1,000 that opened {came:.0f} meanwhile; "
              f"slowest {quiet[2]:.0f} and {crowded[2]:.0f} ms; resident {resident_kib(c)} KiB")
        limits = {dict(k)["limit"]: v for k, v in c.metrics()["nacre_limit_reached_total"].items()
                  if dict(k)["listener"] == "mesh"}
        assert kind == "garbage" or limits["connections"] + limits["connections_per_address"] > 0
        assert resident_kib(c) < 150 * 1024
    failed = len(re.findall(r" failed: | refused ", c.log()))
    assert failed < 50 * 60 and (kind != "garbage" or "lines of failed connections left out" in c.log())


def answer(c, door, path):
    """What somebody gets who tries again when a crowd of many addresses has pushed them out."""
    for _ in range(10):
        with contextlib.suppress(ConnectionError, urllib.error.URLError):
            return c.get(door, path)[0]
    return None


@pytest.mark.parametrize("door, path", [("http", "/capabilities"), ("metrics", "/probe/readiness")])
@pytest.mark.parametrize("kind, addresses", [("silent", 1), ("header", 1), ("header", 200), ("garbage", 3)])
def test_hostile_http_crowd(lab, door, path, kind, addresses):  # noqa: F811
    with Web(lab) as c:
        with crowd(c, kind, 300, addresses, door):
            time.sleep(1)
            times = []
            for _ in range(20):
                start = time.monotonic()
                assert answer(c, door, path) == 200
                times.append(time.monotonic() - start)
            joins(lab, c, 10, 2)  # another door does not notice
        print(f"slowest answer: {max(times) * 1000:.0f} ms")
        assert max(times) < 10
        assert c.metric("nacre_connections_open", listener=door) <= 64
