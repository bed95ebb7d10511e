# SPDX-License-Identifier: GPL-2.0-or-later
"""aTLS with OpenSSL as the other end: the agent against s_server, the Coordinator against s_client, TLS 1.3 and 1.2.

The agent gives up root's privileges, so it needs them: its tests are skipped for other users (the boot tests run it too).
"""
import base64
import hashlib
import json
import os
import pathlib
import re
import socket
import struct
import subprocess
import time

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("NACRE_BUILD", "build")
AGENT = BUILD / "guest/agent"
COORDINATOR = BUILD / "bin/nacre-coordinator"
REPORT = TOP / "tests/vectors/snp/dstack/report.bin"
NONCE = bytes(range(32))
START, REQUEST, REPLY, CERTIFICATES, DONE, FAILED = range(1, 7)
CODES = {4: "denied", 6: "timeout"}

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="the agent starts as root")


def openssl(*args, **kw):
    return subprocess.run(["openssl", *[str(a) for a in args]], capture_output=True, timeout=30, check=True, **kw).stdout


def certificate(folder, name, subject):
    """A self-signed P-256 certificate: paths of certificate and key."""
    key, crt = folder / f"{name}.key", folder / f"{name}.crt"
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", crt,
            "-days", "1", "-subj", subject)
    return crt, key


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def until_open(port):
    for _ in range(100):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the server does not listen")


def policy(port, deadline_ms):
    p = json.loads((TOP / "tests/vectors/policy/minimal.json").read_text())
    p["network"] = [{"link": "eth0", "address": "10.0.2.15/24"}]
    p["coordinator"].update(protocol="contrast", address=f"127.0.0.1:{port}", deadline_ms=deadline_ms, retry_ms=100, retry_max_ms=200)
    return json.dumps(p).encode()


class Agent:
    """The agent, with this process in PID 1's place."""

    def __init__(self, port, deadline_ms=1500):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(30)

        def child():
            os.dup2(theirs.fileno(), 3)
            os.set_inheritable(3, True)

        self.process = subprocess.Popen([AGENT], preexec_fn=child, close_fds=False, env={})
        theirs.close()
        self.socket = ours
        text = policy(port, deadline_ms)
        self.send(START, struct.pack("<HQ48xI", 1, 0, len(text)) + text + struct.pack("<I", 0))

    def send(self, kind, payload):
        self.socket.send(struct.pack("<HHI", kind, 0, len(payload)) + payload)

    def receive(self):
        message = self.socket.recv(200000)
        if not message:
            return None, b""
        kind, zero, length = struct.unpack("<HHI", message[:8])
        assert (zero, length) == (0, len(message) - 8)
        return kind, message[8:]

    def run(self):
        """Answer report requests until it ends. Returns the report data asked for, and code and text of FAILED."""
        asked, failed = [], None
        report = REPORT.read_bytes()
        while True:
            kind, payload = self.receive()
            if kind is None:
                break
            if kind == REQUEST:
                assert len(payload) == 64
                asked.append(payload)
                self.send(REPLY, struct.pack("<I", len(report)) + report + struct.pack("<I", 0))
            else:
                assert kind == FAILED, kind
                code, error = struct.unpack("<HI", payload[:6])
                failed = (CODES.get(code, code), payload[6:].decode("ascii"))
        status = self.process.wait(timeout=30)
        assert status == (1 if failed else 0)
        return asked, failed


class SServer:
    def __init__(self, folder, version, *args):
        self.port = free_port()
        crt, key = certificate(folder, "server", "/CN=Contrast")
        self.log = folder / "s_server.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["openssl", "s_server", "-accept", f"127.0.0.1:{self.port}", f"-{version}", "-cert", str(crt), "-key", str(key),
                 "-alpn", "h2", *[str(a) for a in args]], stdin=subprocess.PIPE, stdout=log, stderr=log)
        until_open(self.port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


@needs_root
@pytest.mark.parametrize("version", ["tls1_3", "tls1_2"])
def test_agent_answers_the_nonce(tmp_path, version):
    ca, _ = certificate(tmp_path, "ca", "/CN=" + base64.b64encode(NONCE).decode())
    with SServer(tmp_path, version, "-Verify", "1", "-CAfile", ca) as server:
        asked, failed = Agent(server.port).run()
        log = server.log.read_text(errors="replace")
    assert failed[0] == "timeout"  # s_server speaks no gRPC
    pem = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", log, re.S).group(0)
    spki = openssl("pkey", "-pubin", "-outform", "DER", input=openssl("x509", "-noout", "-pubkey", input=pem.encode()))
    assert hashlib.sha512(spki + NONCE).digest() == asked[0]
    text = openssl("x509", "-noout", "-text", input=pem.encode()).decode()
    assert "1.3.9901.2.1: \n" in text and "critical" not in text
    assert re.search(r"Subject: CN ?= ?Contrast", text)


@needs_root
@pytest.mark.parametrize("version", ["tls1_3", "tls1_2"])
@pytest.mark.parametrize("names,reason", [
    ([], "aTLS: no nonce from the server"),
    (["/CN=" + base64.b64encode(NONCE).decode(), "/CN=second"], "aTLS: 2 acceptable CA names, expected exactly 1"),
    (["/O=" + base64.b64encode(NONCE).decode()], "aTLS: acceptable CA name does not begin with"),
    (["/CN=AAAA"], "aTLS: nonce from the server has 3 bytes"),
])
def test_agent_refuses_names(tmp_path, version, names, reason):
    args = ["-Verify", "1"]
    if names:
        bundle = tmp_path / "bundle.pem"
        bundle.write_bytes(b"".join(certificate(tmp_path, f"ca{i}", name)[0].read_bytes() for i, name in enumerate(names)))
        args += ["-CAfile", bundle]
    with SServer(tmp_path, version, *args) as server:
        asked, failed = Agent(server.port, 300).run()
    assert asked == []
    assert failed[0] == "timeout" and reason in failed[1]


@needs_root
@pytest.mark.parametrize("version", ["tls1_3", "tls1_2"])
def test_agent_wants_to_be_asked(tmp_path, version):
    with SServer(tmp_path, version) as server:
        asked, failed = Agent(server.port, 300).run()
    assert asked == []
    assert ("no nonce from the server" if version == "tls1_3" else "did not ask for our certificate") in failed[1]


@needs_root
@pytest.mark.parametrize("args,reason", [
    (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"], "alert 40"),
    (["-tls1_1"], "alert"),
])
def test_agent_offers_no_weak_suite(tmp_path, args, reason):
    with SServer(tmp_path, args[0][1:], *args[1:]) as server:
        asked, failed = Agent(server.port, 300).run()
    assert asked == []
    assert reason in failed[1]


@needs_root
def test_agent_without_coordinator():
    begin = time.monotonic()
    asked, failed = Agent(free_port(), 1000).run()
    assert asked == []
    assert failed[0] == "timeout"
    assert re.search(r"coordinator 127\.0\.0\.1:\d+: connection refused \(last of [4-9] tries\)", failed[1])
    assert 0.5 < time.monotonic() - begin < 5


@needs_root
def test_agent_is_confined():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen(1)
        agent = Agent(s.getsockname()[1], 20000)
        connection, _ = s.accept()
        with connection:
            proc = pathlib.Path(f"/proc/{agent.process.pid}")
            status = dict(line.split(":\t", 1) for line in (proc / "status").read_text().splitlines() if ":\t" in line)
            assert status["Uid"].split() == ["65533"] * 4 and status["Gid"].split() == ["65533"] * 4
            assert status["Groups"].strip() == ""
            for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
                assert int(status[name], 16) == 0
            assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2" and status["Threads"] == "1"
            assert os.listdir(proc / "root") == []
            for name in ("mnt", "ipc", "uts"):
                assert os.readlink(proc / "ns" / name) != os.readlink(f"/proc/self/ns/{name}")
            limits = (proc / "limits").read_text()
            assert re.search(r"Max core file size +0 +0", limits) and re.search(r"Max processes +0 +0", limits)
        agent.process.kill()
        agent.process.wait()


# --- the Coordinator ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def coordinator(tmp_path_factory):
    folder = tmp_path_factory.mktemp("coordinator")
    subprocess.run([COORDINATOR, "init", "--state", folder / "state"], capture_output=True, check=True, timeout=30)
    port = free_port()
    log = open(folder / "log", "wb")
    process = subprocess.Popen([COORDINATOR, "run", "--state", folder / "state", "--manifest",
                                TOP / "tests/vectors/manifest/small.json", "--listen", f"127.0.0.1:{port}", "--no-tee",
                                "--user-listen", "none", "--http-listen", "none", "--metrics-listen", "none",
                                "--collateral", "none"],
                               stdout=log, stderr=log)
    until_open(port)
    yield port
    process.terminate()
    process.wait(timeout=30)


def s_client(port, folder, *args):
    crt, key = certificate(folder, "client", "/CN=client")
    r = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-cert", str(crt), "-key", str(key), *args],
                       input=b"", capture_output=True, timeout=30)
    return r.stdout.decode("latin-1") + r.stderr.decode("latin-1")


ALPN = ["-alpn", f"atls:v1:nonce:{NONCE.hex()},h2"]


@pytest.mark.parametrize("version", ["tls1_3", "tls1_2"])
def test_server_sends_its_nonce(coordinator, tmp_path, version):
    nonces = set()
    for _ in range(2):
        out = s_client(coordinator, tmp_path, f"-{version}", *ALPN)
        names = re.search(r"Acceptable client certificate CA names\n(.*?)\n(?:Requested|Client|Shared|Server)", out, re.S).group(1)
        nonce = base64.b64decode(re.fullmatch(r'CN ?= ?"?([^"\s]+)"?', names).group(1), validate=True)
        assert len(nonce) == 32
        nonces.add(nonce)
        assert "ALPN protocol: h2" in out
        assert ("TLSv1.3" if version == "tls1_3" else "TLSv1.2") in out
        assert "Secure Renegotiation IS NOT supported" in out or version == "tls1_2"
        assert "TLS session ticket:" not in out
    assert len(nonces) == 2  # every connection has its own


@pytest.mark.parametrize("args", [
    ["-tls1_3"],                                        # no ALPN
    ["-tls1_3", "-alpn", "h2"],                         # no nonce
    ["-tls1_2", "-alpn", "h2"],
    ["-tls1_3", "-alpn", "atls:v1:nonce:00,h2"],
    ["-tls1_2", *ALPN, "-cipher", "ECDHE-ECDSA-AES128-SHA"],
    ["-tls1_1", *ALPN, "-cipher", "ALL@SECLEVEL=0"],
])
def test_server_refuses(coordinator, tmp_path, args):
    out = s_client(coordinator, tmp_path, *args)
    assert "no peer certificate available" in out
