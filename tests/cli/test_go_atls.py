# SPDX-License-Identifier: GPL-2.0-or-later
"""Contrast's dialect with Go at the other end (crypto/tls, google.golang.org/grpc, go-sev-guest; tests/go), in both roles:
Go guests join our Coordinator, our agent and its join code join a Go Coordinator, good ones and bad ones.
"""
import base64
import collections
import json
import os
import re
import subprocess
import time

import pytest
from test_coordinator import BUILD, TOP, COORDINATOR, HOST_DATA, Coordinator, Lab, Psp, Refused, join, run

GO = BUILD / "tools/go-peer"
CLIENT = BUILD / "tools/join_client"
SECRET = "5e" * 64
MANY = 64

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="the agent starts as root; join_client joins for other users")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("go"))
    Psp(lab).close()  # makes the test root, which takes seconds
    pem = (lab.psp / "ark.pem").read_text()
    (lab.dir / "ark.der").write_bytes(base64.b64decode(re.search(r"-----\n(.*?)\n-----", pem, re.S).group(1)))
    return lab


class Listening:
    """softpsp that waits for one asker."""

    def __init__(self, lab, *more, **change):
        self.path = lab.path("psp.sock")
        self.process = subprocess.Popen([str(a) for a in lab.softpsp("--listen", *more, socket_path=self.path, **change)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        for _ in range(3000):
            if self.path.exists():
                return self
            time.sleep(0.02)
        raise AssertionError("softpsp does not listen")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(10)


# --- Go guests, our Coordinator -----------------------------------------------------------------------------


def go_join(lab, port, *args, psp_options=(), count=1, pin=None, **psp_change):
    with Listening(lab, *psp_options, **psp_change) as psp:
        r = subprocess.run([str(a) for a in (GO, "join", "-address", f"127.0.0.1:{port}", "-psp", psp.path, "-count", count,
                                             "-pin", lab.pin if pin is None else pin, *args)], capture_output=True, text=True, timeout=120)
    assert r.returncode == 0, r.stderr
    return [json.loads(line) for line in r.stdout.splitlines()]


@pytest.fixture(scope="module")
def ours(lab):
    with Coordinator(lab) as c:
        yield c


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_many_guests_at_once(lab, ours, version):
    results = go_join(lab, ours.port, "-tls", version, count=MANY)
    assert collections.Counter((r["error"], r["tls"]) for r in results) == {("", version): MANY}
    assert len({r["leaf"] for r in results}) == MANY
    assert {len(r["secret"]) for r in results} == {128} and len({r["secret"] for r in results}) == 1
    assert len(re.findall(rf"joined .* tls={version} protocol=contrast", ours.log())) >= MANY


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_older_nonce(lab, ours, version):
    """Older clients send their nonce as server name: only where the operator says so."""
    result, = go_join(lab, ours.port, "-tls", version, "-sni")
    assert result["code"] == "Unavailable" and result["leaf"] == "", result
    state = lab.path("state")
    pin = run(COORDINATOR, "init", "--state", state).stdout.strip()
    with Coordinator(lab, state=state, more=["--accept-sni-nonce"]) as c:
        results = go_join(lab, c.port, "-tls", version, "-sni", count=8, pin=pin)
        assert {(r["error"], r["tls"]) for r in results} == {("", version)}
        assert go_join(lab, c.port, "-tls", version, pin=pin)[0]["error"] == ""


def test_same_secret_as_our_agents(lab, ours):
    theirs, = go_join(lab, ours.port)
    if os.geteuid() == 0:
        assert join(lab, ours.port, protocol="contrast")["secret"].hex() == theirs["secret"]
    assert theirs["error"] == ""


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("bad, code, says", [
    ("nonce", "PermissionDenied", "report data"),
    ("key", "PermissionDenied", "report data"),
    ("bare", "Unauthenticated", "evidence"),
    ("garbage", "InvalidArgument|Unauthenticated", "evidence"),
    ("none", "Unavailable", "handshake|certificate|closed|reset|EOF"),
    ("version", "Unavailable", "handshake|closed|reset|EOF|internal error"),
])
def test_bad_guests(lab, ours, version, bad, code, says):
    result, = go_join(lab, ours.port, "-tls", version, "-bad", bad)
    assert re.fullmatch(code, result["code"]) and re.search(says, result["error"]), result
    assert result["leaf"] == result["secret"] == ""


@pytest.mark.parametrize("options, change, says", [
    (["--guest-policy", "b0000"], {}, "guest policy"),
    (["--vmpl", "1"], {}, "vmpl"),
    ([], {"host_data": "5b" * 32}, "host data"),
    ([], {"cmdline": "another"}, "measurement"),
    (["--replay"], {}, "report data"),
])
def test_bad_reports(lab, ours, options, change, says):
    result, = go_join(lab, ours.port, psp_options=options, **change)
    assert result["code"] == "PermissionDenied" and says in result["error"], result


def test_go_notices_another_coordinator(lab, ours):
    result, = go_join(lab, ours.port, pin="00" * 32)
    assert result["error"] == "another root CA"


# --- our agent, a Go Coordinator ----------------------------------------------------------------------------


class GoCoordinator:
    def __init__(self, lab, *args, evidence=False, **change):
        self.args = [GO, "coordinator", "-test-root", lab.psp / "ark.pem", "-host-data", change.get("host_data", HOST_DATA),
                     "-measurement", change.get("digest", lab.digest), "-secret", change.get("secret", SECRET), *args]
        self.log_path = lab.path("go.log")
        self.psp = Listening(lab) if evidence else None

    def __enter__(self):
        if self.psp:
            self.args += ["-psp", self.psp.__enter__().path]
        with open(self.log_path, "w") as out:
            self.process = subprocess.Popen([str(a) for a in self.args], stdout=out)
        for _ in range(3000):
            if "\n" in self.log_path.read_text():
                break
            assert self.process.poll() is None
            time.sleep(0.02)
        first = json.loads(self.log_path.read_text().splitlines()[0])
        self.port, self.pin = int(first["address"].split(":")[1]), first["pin"]
        return self

    def answers(self):
        return [json.loads(line) for line in self.log_path.read_text().splitlines()[1:]]

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        if self.psp:
            self.psp.__exit__()


@needs_root
@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("secret", [SECRET, ""])
def test_agent_joins(lab, version, secret):
    with GoCoordinator(lab, "-tls", version, secret=secret) as c:
        got = join(lab, c.port, pin=c.pin, protocol="contrast")
        answers = c.answers()
    assert got["secret"].hex() == secret and b"BEGIN CERTIFICATE" in got["chain"]
    assert answers == [{"code": "OK", "text": "", "tls": version}]


def attempt(lab, c, *version, pin=True, reference=False, psp_options=(), **changes):
    """One attempt of the join code, with the pins that are wanted: what join_client prints."""
    policy = json.loads(lab.policy(c.port, c.pin, "contrast"))
    if not pin:
        del policy["coordinator"]["root_ca_key_sha256"]
    if reference:
        policy["coordinator"]["reference_values"] = {"snp": [{
            "measurement": lab.digest, "host_data": HOST_DATA,
            "minimum_tcb": {"bootloader": 1, "tee": 0, "snp": 1, "microcode": 1}, **changes}]}
    path = lab.path("policy.json")
    path.write_text(json.dumps(policy))
    with Listening(lab, *psp_options) as psp:
        r = subprocess.run([str(a) for a in (CLIENT, path, c.port, psp.path, lab.dir / "ark.der", *version)],
                           capture_output=True, text=True, timeout=60)
    assert r.stderr == "" and r.returncode in (0, 1)
    return r.stdout.strip()


JOINED = "joined, secret of 64 bytes"


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("evidence", [False, True])
def test_join_code(lab, version, evidence):
    """Both sides know both versions, or one of them only one; with and without evidence of the Coordinator's own."""
    for server, client in (((), (version,)), (("-tls", version), ()), (("-tls", version), (version,))):
        with GoCoordinator(lab, *server, evidence=evidence) as c:
            assert attempt(lab, c, *client, reference=evidence) == JOINED
            assert attempt(lab, c, *client, reference=evidence, pin=not evidence) == JOINED
            assert [a["tls"] for a in c.answers()] == [version] * 2


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("bad, evidence, says", [
    ("no name", False, "no nonce from the server"),
    ("two names", False, "2 acceptable CA names, expected exactly 1"),
    ("short nonce", False, "nonce from the server has 31 bytes"),
    ("no request", False, "no nonce from the server|did not ask for our certificate"),
    ("wrong nonce", False, r"PermissionDenied.*REPORT_DATA|PermissionDenied.*report data|PermissionDenied.*ReportData"),
    ("leaf", False, "key"),
    ("unavailable", False, r"Unavailable.*not now: \?\?"),
    ("other key", True, "report data"),
    ("other nonce", True, "report data"),
])
def test_bad_coordinators(lab, version, bad, evidence, says):
    with GoCoordinator(lab, "-bad", bad, evidence=evidence) as c:
        said = attempt(lab, c, version, reference=evidence)
        answers = c.answers()
    assert said.startswith("refused ") and re.search(says, said), said
    # nothing of ours goes to one that fails before our evidence is due
    assert len(answers) == (bad in ("wrong nonce", "leaf", "unavailable")), answers


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_quotes(lab, version):
    """A TD's evidence, as go-tdx-guest reads it. There is no root for quotes made here: form and report data only."""
    quote = TOP / "tests/vectors/tdx/v4.bin"
    policy = lab.path("policy.json")
    for args, says in ((["-quotes"], JOINED), (["-quotes", "-bad", "wrong nonce"], "the quote has other report data"),
                       ([], "no evidence in the certificate")):
        with GoCoordinator(lab, *args) as c:
            policy.write_bytes(lab.policy(c.port, c.pin, "contrast"))
            r = subprocess.run([str(a) for a in (CLIENT, policy, c.port, f"quote:{quote}", lab.dir / "ark.der", version)],
                               capture_output=True, text=True, timeout=60)
            assert says in r.stdout, r.stdout


@pytest.mark.parametrize("changes, says", [
    ({"measurement": "ab" * 48}, "measurement"),
    ({"host_data": "ab" * 32}, "host data"),
    ({"chip_ids": ["00" * 64]}, "chip"),
    ({"minimum_tcb": {"bootloader": 255, "tee": 0, "snp": 1, "microcode": 1}}, "tcb"),
])
def test_reference_values(lab, changes, says):
    with GoCoordinator(lab, evidence=True) as c:
        said = attempt(lab, c, reference=True, **changes)
        assert c.answers() == []
    assert said.startswith("refused 4: ") and says in said


def test_no_evidence_where_some_is_demanded(lab):
    with GoCoordinator(lab) as c:
        assert "evidence" in attempt(lab, c, reference=True)
        assert c.answers() == []


def test_another_root_ca(lab):
    with GoCoordinator(lab) as c:
        c.pin = "00" * 32
        assert re.match("refused 4: .*root CA", attempt(lab, c))


@needs_root
@pytest.mark.parametrize("change", [{"host_data": "ab" * 32}, {"digest": "ab" * 48}])
def test_refused_agent(lab, change):
    with GoCoordinator(lab, **change) as c:
        with pytest.raises(Refused, match="(?i)permission"):
            join(lab, c.port, pin=c.pin, protocol="contrast")
        assert [a["code"] for a in c.answers()] == ["PermissionDenied"]
