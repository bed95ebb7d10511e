# SPDX-License-Identifier: GPL-2.0-or-later
"""Volume epochs and leases with a real Coordinator: races, kill -9 between and inside calls, restarts, a changed table."""
import concurrent.futures
import json
import os
import pathlib
import random
import re
import signal
import socket
import struct
import subprocess
import threading
import time
import urllib.request

import pytest

import test_coordinator as tc
from test_coordinator import lab  # noqa: F401 (a fixture)
from test_atls import free_port, until_open

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("NACRE_BUILD", "build")
COORDINATOR = BUILD / "bin/nacre-coordinator"
CLIENT = BUILD / "tools/lease_client"
ENTRY = {"ProductName": "Genoa", "TrustedMeasurement": "22" * 48, "MinimumMitigationVector": 0, "AllowedChipIDs": [],
         "MinimumTCB": {"BootloaderVersion": 10, "TEEVersion": 0, "SNPVersion": 28, "MicrocodeVersion": 88},
         "GuestPolicy": {"ABIMinor": 0, "ABIMajor": 0, "SMT": True, "MigrateMA": False, "Debug": False, "SingleSocket": False,
                         "CXLAllowed": False, "MemAES256XTS": False, "RAPLDis": False, "CipherTextHidingDRAM": False,
                         "PageSwapDisable": False},
         "PlatformInfo": {"SMTEnabled": False, "TSMEEnabled": False, "ECCEnabled": True, "RAPLDisabled": False,
                          "CiphertextHidingDRAMEnabled": False, "AliasCheckComplete": True, "TIOEnabled": False}}
MANIFEST = {"Policies": {"11" * 32: {"SANs": ["web"], "WorkloadSecretID": "tests/web"},
                         "33" * 32: {"SANs": ["db"], "WorkloadSecretID": "tests/db"},
                         "44" * 32: {"SANs": ["none"]}},
            "ReferenceValues": {"snp": [ENTRY]}}


class Coordinator:
    def __init__(self, folder):
        self.folder, self.port, self.metrics_port, self.process = folder, free_port(), free_port(), None
        (folder / "manifest.json").write_text(json.dumps(MANIFEST))
        self.pin = subprocess.run([COORDINATOR, "init", "--state", folder / "state"], capture_output=True, check=True, text=True,
                                  timeout=30).stdout.strip()

    def start(self, wait=True):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [COORDINATOR, "run", "--state", self.folder / "state", "--manifest", self.folder / "manifest.json", "--listen",
                 f"127.0.0.1:{self.port}", "--user-listen", "none", "--http-listen", "none", "--metrics-listen",
                 f"127.0.0.1:{self.metrics_port}", "--no-tee", "--collateral", "none", "--test-root",
                 TOP / "tests/vectors/psp/ark.pem"], stdout=log, stderr=log)
        if wait:
            until_open(self.port)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=30)

    def client(self, holder, op, volume="data", number=0, host_data="11"):
        return subprocess.Popen([CLIENT, str(self.port), self.pin, str(holder), op, volume, str(number), host_data], cwd=TOP, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def ask(self, *args, **kw):
        """Status, epoch, seconds left, time of one call."""
        out, err = self.client(*args, **kw).communicate(timeout=60)
        assert out, err
        status, *numbers = out.split()
        return (status, *map(int, numbers))

    def metrics(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=30) as r:
            return dict(re.findall(r"^(nacre_(?:epoch|lease)\w*) (\d+)$", r.read().decode(), re.M))

    def log(self):
        return (self.folder / "log").read_text()


@pytest.fixture
def coordinator(tmp_path):
    c = Coordinator(tmp_path)
    c.start()
    yield c
    c.kill()


def test_one_story(coordinator):
    ask = coordinator.ask
    assert ask(1, "acquire", number=900)[:3] == ("ok", 0, 900)
    assert ask(2, "acquire", number=900)[:2] == ("held", 0)
    assert ask(2, "advance")[:3] == ("not-holder", 0, 0)
    assert ask(1, "advance", number=0)[:2] == ("ok", 1)
    assert ask(1, "advance", number=0)[:2] == ("skew", 1)
    assert ask(1, "renew", number=20)[:3] == ("ok", 1, 20)
    assert ask(1, "release")[:3] == ("ok", 1, 0)
    status, epoch, left, when = ask(2, "acquire", number=900)
    assert (status, epoch, left) == ("ok", 1, 900) and abs(when - time.time()) < 60
    log = coordinator.log()
    assert "volumes=data:acquire:held:0" in log and "volumes=data:advance:ok:1" in log
    assert "0101010101" not in log and "0202020202" not in log  # no holder's id


def test_other_workloads_have_other_volumes(coordinator):
    ask = coordinator.ask
    assert ask(1, "acquire", number=900)[0] == "ok"
    assert ask(1, "advance", number=0)[:2] == ("ok", 1)
    assert ask(1, "advance", number=1, host_data="33")[:2] == ("not-holder", 0)  # the same name, the same holder
    assert ask(2, "acquire", number=900, host_data="33")[:2] == ("ok", 0)
    assert ask(1, "acquire", number=900, host_data="44")[:3] == ("no-volumes", 0, 0)
    assert ask(1, "renew", number=900)[:2] == ("ok", 1)


def test_race_for_a_lease(coordinator):
    for volume in ("a", "b", "c"):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda h: coordinator.ask(h, "acquire", volume, 900), range(1, 9)))
        assert sorted(a[0] for a in answers) == ["held"] * 7 + ["ok"]
        winner = 1 + next(i for i, a in enumerate(answers) if a[0] == "ok")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            moves = list(pool.map(lambda h: coordinator.ask(h, "advance", volume, 0), range(1, 9)))
        assert [i + 1 for i, a in enumerate(moves) if a[0] == "ok"] == [winner]


def test_race_to_advance(coordinator):
    """One boot, many connections: the same epoch is given to one of them only."""
    assert coordinator.ask(1, "acquire", number=900)[0] == "ok"
    for epoch in range(3):
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda _: coordinator.ask(1, "advance", number=epoch), range(6)))
        assert sorted(a[:2] for a in answers) == [("ok", epoch + 1)] + [("skew", epoch + 1)] * 5


def test_killed_in_between(coordinator):
    """kill -9 while a guest advances: what was answered is there after the restart, and at most one more."""
    rng, total = random.Random(7), 0
    for i in range(8):
        volume = f"v{i}"
        guest = coordinator.client(1, "run", volume, 100000)
        first = guest.stdout.readline().split()
        assert first[:2] == ["ok", "0"]
        time.sleep(rng.uniform(0, 0.15))
        coordinator.kill()
        out, err = guest.communicate(timeout=60)
        answered = [int(line.split()[1]) for line in out.splitlines()]
        assert answered == list(range(1, len(answered) + 1)), err
        last = len(answered)
        total += last
        coordinator.start()
        status, epoch, left, _ = coordinator.ask(2, "acquire", volume, 900)
        assert status == "held" and 30 <= left <= 60 and epoch in (last, last + 1)
        assert coordinator.ask(1, "advance", volume, epoch)[:2] == ("ok", epoch + 1)
    assert total > 8
    assert not list((coordinator.folder / "state/records").glob(".*"))


def test_a_lease_outlives_the_coordinator(coordinator):
    """Its whole time counts again from the restart, and then it ends."""
    assert coordinator.ask(1, "acquire", number=10)[0] == "ok"
    time.sleep(4)
    coordinator.kill()
    started = time.monotonic()  # before the table is opened
    coordinator.start()
    status, _, left, _ = coordinator.ask(2, "acquire", number=10)
    assert status == "held" and left >= 10 - (time.monotonic() - started)  # without a restart: 6 at most
    while status == "held":
        time.sleep(0.5)
        status = coordinator.ask(2, "acquire", number=10)[0]
    assert status == "ok" and 10 <= time.monotonic() - started < 60
    assert coordinator.ask(1, "renew", number=10)[0] == "not-holder"


def test_log_and_metrics(coordinator):
    coordinator.ask(1, "acquire", number=900)
    coordinator.ask(2, "acquire", number=900)
    coordinator.ask(2, "acquire", "other", number=900)
    coordinator.ask(2, "release", "other")
    coordinator.ask(1, "advance", number=0)
    same = {"nacre_epochs": "2", "nacre_leases": "1", "nacre_epoch_errors_total": "0", "nacre_epoch_table_writes": "4"}
    assert coordinator.metrics() == same | {"nacre_epoch_commits_total": "1", "nacre_lease_conflicts_total": "1"}
    coordinator.kill()
    coordinator.start()
    assert coordinator.metrics() == same | {"nacre_epoch_commits_total": "0", "nacre_lease_conflicts_total": "0"}
    assert re.findall(r"epochs of (\d+) volumes, table written (\d+) times", coordinator.log()) == [("0", "0"), ("2", "4")]


@pytest.mark.parametrize("what, change, text", [
    ("flipped", lambda b: b[:30] + bytes([b[30] ^ 1]) + b[31:], "epochs: damaged: the checksum does not match"),
    ("cut", lambda b: b[:-1], "epochs: damaged: the checksum does not match"),
    ("empty", lambda b: b"", "epochs: 0 bytes"),
])
def test_changed_table(coordinator, what, change, text):
    coordinator.ask(1, "acquire", number=900)
    coordinator.kill()
    record = coordinator.folder / "state/records/epochs"
    record.write_bytes(change(record.read_bytes()))
    coordinator.start(wait=False)
    assert coordinator.process.wait(timeout=30) in (1, 3)
    assert text in coordinator.log()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", coordinator.port), timeout=1)


def test_table_of_another_seed(coordinator, tmp_path):
    coordinator.ask(1, "acquire", number=900)
    coordinator.kill()
    (tmp_path / "two").mkdir()
    other = Coordinator(tmp_path / "two")
    (tmp_path / "two/state/records").mkdir()
    (tmp_path / "two/state/records/epochs").write_bytes((coordinator.folder / "state/records/epochs").read_bytes())
    other.start(wait=False)
    assert other.process.wait(timeout=30) in (1, 3)
    assert "epochs: the MAC is not of this Coordinator's seed" in other.log()


class LivingAgent(threading.Thread):
    """The real agent, from its join to the end of the test; the test is its PID 1. Counts what it hands over."""

    def __init__(self, lab, port):  # noqa: F811
        super().__init__()
        self.psp = tc.Psp(lab)
        self.ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.agent = subprocess.Popen(["bash", "-c", f'exec 3<&{theirs.fileno()}; exec "$0"', str(tc.AGENT)], pass_fds=[theirs.fileno()],
                                      stdin=subprocess.DEVNULL)
        theirs.close()
        self.certificates = 0
        self.failed = None
        self.tell(tc.START, struct.pack("<HQ", 1, int(time.time()) - 60) + bytes(48) + tc.block(lab.policy(port, volumes=["data"])) +
                  tc.block(b""))
        self.start()

    def tell(self, kind, payload):
        self.ours.send(struct.pack("<HHI", kind, 0, len(payload)) + payload)

    def run(self):
        while True:
            message = self.ours.recv(1 << 18)
            if not message:
                return
            kind, payload = struct.unpack_from("<H", message)[0], message[8:]
            if kind == tc.REPORT_REQUEST:
                self.tell(tc.REPORT_REPLY, b"".join(tc.block(part) for part in self.psp.report(payload)))
            self.certificates += kind == tc.CERTIFICATES
            if kind == tc.FAILED:
                self.failed = payload[6:].decode()

    def stop(self):
        assert self.agent.poll() is None and self.failed is None, self.failed
        self.agent.kill()
        self.agent.wait(20)
        self.join(20)
        self.psp.close()


def until(seconds, condition):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_the_agent_keeps_its_lease(lab):  # noqa: F811
    """A third of the lease, each time; another boot gets it when the agent is gone; a new mesh CA makes it join again."""
    life = ["--lease-life", "12"]
    with tc.Coordinator(lab, more=life) as c:
        guest = LivingAgent(lab, c.port)
        c.wait_log(r" joined .* volumes=data:acquire:ok:0\n")
        until(60, lambda: len(re.findall(r" served .* volumes=data:acquire:ok:0\n", c.log())) == 4)  # longer than the lease
        tc.join(lab, c.port, volumes=["data"])
        c.wait_log(r" joined .* volumes=data:acquire:held:0\n")
        assert guest.certificates == 1
    again = tc.Coordinator(lab, more=life)
    again.args = [f"127.0.0.1:{c.port}" if arg == "127.0.0.1:0" else arg for arg in again.args]
    with again:
        until(60, lambda: guest.certificates == 2)
        again.wait_log(r" joined .* volumes=data:acquire:ok:0\n")
        guest.stop()
        for _ in range(20):
            tc.join(lab, again.port, volumes=["data"])
            if len(re.findall(r" joined .* volumes=data:acquire:ok:0\n", again.log())) == 2:
                return
            time.sleep(1)
    raise AssertionError(again.log())
