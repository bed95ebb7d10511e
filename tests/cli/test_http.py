# SPDX-License-Identifier: GPL-2.0-or-later
"""The Coordinator's HTTP: /attest, /capabilities, /probe, /metrics. Clients: curl, urllib and Go's; the metrics are read by
prometheus_client's parser.
"""
import base64
import contextlib
import hashlib
import http.client
import json
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

import crowd
from test_coordinator import BUILD, COORDINATOR, OTHER_DOORS, Coordinator, Refused, join, lab, run  # noqa: F401 (lab is a fixture)

NONCE = base64.b64encode(bytes(range(32))).decode()
LISTEN = ["--user-listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"]


class Web(Coordinator):
    """A Coordinator with all of its doors."""

    def __init__(self, lab, tee=("--no-tee",), with_manifest=True, **kw):
        super().__init__(lab, more=LISTEN, **kw)
        i = self.args.index("--no-tee")
        self.args[i:i + 1] = tee
        i = self.args.index("--manifest")
        self.args[i:i + 2] = self.args[i:i + 2] if with_manifest else []

    def __enter__(self):
        super().__enter__()
        self.ports = {door: int(self.wait_log(rf"listening on 127\.0\.0\.1:(\d+) \({door}\)").group(1))
                      for door in ("mesh", "user", "http", "metrics")}
        return self

    def get(self, door, path, data=None, **headers):
        request = urllib.request.Request(f"http://127.0.0.1:{self.ports[door]}{path}", data=data,
                                         headers={k.replace("_", "-"): v for k, v in headers.items()})
        try:
            with urllib.request.urlopen(request, timeout=20) as r:
                return r.status, r.headers, r.read()
        except urllib.error.HTTPError as e:
            return e.code, e.headers, e.read()

    def attest(self, body=None, content_type="application/json"):
        body = json.dumps({"nonce": NONCE}).encode() if body is None else body
        status, headers, text = self.get("http", "/attest", data=body, Content_Type=content_type)
        assert headers["Content-Type"] == "application/json"
        return status, json.loads(text)

    def metrics(self):
        """name -> {frozenset of labels: value}"""
        status, headers, text = self.get("metrics", "/metrics")
        assert status == 200 and headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        out = {}
        for family in text_string_to_metric_families(text.decode()):
            assert family.documentation and family.type in ("counter", "gauge"), family
            for sample in family.samples:
                series = out.setdefault(sample.name, {})
                assert frozenset(sample.labels.items()) not in series, sample
                series[frozenset(sample.labels.items())] = sample.value
        return out

    def metric(self, name, **labels):
        return self.metrics().get(name, {}).get(frozenset(labels.items()), 0)

    def raw(self, door):
        return socket.create_connection(("127.0.0.1", self.ports[door]), timeout=30)


@pytest.fixture(scope="module")
def web(lab):  # noqa: F811
    state = lab.path("state")
    assert run(COORDINATOR, "init", "--state", state).returncode == 0
    with Web(lab, state=state) as c:
        yield c


def curl(*args):
    return subprocess.run(["curl", "-sS", "-m", "20", *args], text=True, capture_output=True, timeout=30)


def test_probes(web):
    for name, text in (("startup", b"started\n"), ("liveness", b"alive\n"), ("readiness", b"ready\n")):
        status, headers, body = web.get("metrics", f"/probe/{name}")
        assert (status, body) == (200, text) and headers["Cache-Control"] == "no-store"
    assert web.get("metrics", "/probe")[0] == 404
    assert web.get("metrics", "/attest", data=b"{}")[0] == 404  # another door's path
    assert web.get("http", "/metrics")[0] == 404
    r = curl("-I", f"http://127.0.0.1:{web.ports['metrics']}/probe/readiness")
    assert r.stdout.startswith("HTTP/1.1 200 OK\r\n") or r.stdout.startswith("HTTP/1.1 200 OK\n"), r
    r = curl("-X", "DELETE", "-i", f"http://127.0.0.1:{web.ports['metrics']}/metrics")
    assert " 405 " in r.stdout and "Allow: GET, HEAD" in r.stdout


@pytest.mark.parametrize("body, content_type, status, code, says", [
    (b"", "application/json", 400, "invalid_argument", "request"),
    (b"{", "application/json", 400, "invalid_argument", "request"),
    (b"{}", "application/json", 400, "invalid_argument", "nonce"),
    (b'{"nonce": ""}', "application/json", 400, "invalid_argument", "expected 32 bytes, found 0"),
    (b'{"nonce": "AAAA"}', "application/json", 400, "invalid_argument", "expected 32 bytes, found 3"),
    (json.dumps({"nonce": NONCE, "x": 1}).encode(), "application/json", 400, "invalid_argument", "x"),
    (json.dumps({"nonce": NONCE}).encode(), "text/html", 415, "invalid_argument", "Content-Type"),
    (json.dumps({"nonce": NONCE}).encode(), "application/jsonx", 415, "invalid_argument", "Content-Type"),
    (b" " * 1025, "application/json", 413, "invalid_argument", "1024 bytes"),
    (json.dumps({"nonce": NONCE}).encode(), "Application/JSON; charset=utf-8", 501, "no_evidence", "--no-tee"),
])
def test_attest_refused(web, body, content_type, status, code, says):
    got, answer = web.attest(body, content_type)
    assert got == status and set(answer) == {"version", "status_code", "code", "error"}
    assert answer["version"] == "nacre" and answer["status_code"] == status and answer["code"] == code
    assert says in answer["error"]


def test_attest_without_content_type(web):
    connection = http.client.HTTPConnection("127.0.0.1", web.ports["http"], timeout=20)
    connection.request("POST", "/attest", body=json.dumps({"nonce": NONCE}).encode())
    r = connection.getresponse()
    assert r.status == 400 and "Content-Type" in json.loads(r.read())["error"] and r.headers["Connection"] == "close"
    status, headers, body = web.get("http", "/attest")
    assert status == 405 and headers["Allow"] == "POST"


class AttestSocket(threading.Thread):
    """Stands for the agent of the Coordinator's VM (docs/formats/attestation-socket.md). Its evidence is no report: the
    Coordinator hands it on as it is, and this test wants to see what was asked for. test_http_routes has real reports."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.asked, self.refuse = [], False
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.bind(str(path))
        self.socket.listen(8)
        self.start()

    def run(self):
        while True:
            s, _ = self.socket.accept()
            with s:
                while request := s.recv(100):
                    assert len(request) == 68 and request[:4] == b"\x01\x02\x00\x00"
                    self.asked.append(request[4:])
                    s.send(b"\x01\x01\x02\x00not today" if self.refuse else
                           b"\x01\x00\x02\x01" + bytes(48) + bytes(2) + b"evidence over " + request[4:])


def test_attest(lab, tmp_path):  # noqa: F811
    """A data owner's steps with nothing but hashes: all that the report data binds is in the answer."""
    agent = AttestSocket(tmp_path / "attest.sock")
    manifest = json.loads(lab.manifest().read_text())
    manifest["Policies"]["77" * 32] = {"SANs": ["coordinator"], "Role": "coordinator"}
    policy = tmp_path / "policy"
    policy.write_bytes(b"what this Coordinator is")
    manifest["Policies"][hashlib.sha256(policy.read_bytes()).hexdigest()] = manifest["Policies"].pop("77" * 32)
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest))
    with Web(lab, manifest=path, tee=["--evidence-socket", tmp_path / "attest.sock", "--policy", policy]) as c:
        status, answer = c.attest()
        assert status == 200
        assert list(answer) == ["version", "raw_attestation_doc", "attestation_type", "manifests", "policies", "root_ca",
                                "mesh_ca"]
        assert answer["version"] == "nacre" and answer["attestation_type"] == [1, 3, 9901, 2, 1]
        decode = lambda text: base64.b64decode(text, validate=True)
        sha256 = lambda data: hashlib.sha256(data).digest()
        manifests = [decode(m) for m in answer["manifests"]]
        assert manifests[-1] == path.read_bytes() and [decode(p) for p in answer["policies"]] == [policy.read_bytes()]
        root, mesh = decode(answer["root_ca"]), decode(answer["mesh_ca"])
        assert root == (c.ca / "coordinator-root-ca.pem").read_bytes() and mesh == (c.ca / "mesh-ca.pem").read_bytes()
        transition = bytes(32)
        for m in manifests:
            transition = sha256(sha256(m) + transition)
        expected = sha256(bytes(range(32)) + transition + sha256(root) + sha256(mesh)) + bytes(32)
        assert agent.asked[-1] == expected and decode(answer["raw_attestation_doc"]) == b"evidence over " + expected
        again = curl("-H", "Content-Type: application/json", "-d", json.dumps({"nonce": NONCE}),
                     f"http://127.0.0.1:{c.ports['http']}/attest")
        assert json.loads(again.stdout) == answer
        by_go = subprocess.run([BUILD / "tools/go-peer", "attest", f"http://127.0.0.1:{c.ports['http']}/attest"], text=True,
                               capture_output=True, timeout=30)
        assert by_go.stdout.split() == ["200", "1.3.9901.2.1", str(len(manifests)), "1", agent.asked[-1].hex(),
                                        (b"evidence over " + agent.asked[-1]).hex()], by_go
        agent.refuse = True
        status, answer = c.attest()
        assert (status, answer["code"]) == (500, "internal") and "not today" in answer["error"]
        assert c.metric("nacre_own_evidence_total") == 3 and c.metric("nacre_own_evidence_errors_total") == 1
        agent.refuse = False
        codes = [c.attest()[0] for _ in range(40)]
        assert set(codes) <= {200, 429}
        if 429 in codes:
            assert c.metric("nacre_limit_reached_total", listener="http", limit="attestations_per_second") == codes.count(429)


def test_not_ready(lab, tmp_path):  # noqa: F811
    """Neither seed nor manifest yet: alive, not ready, and 412 for those who ask for evidence."""
    state = tmp_path / "state"
    state.mkdir()
    with Web(lab, state=state, with_manifest=False) as c:
        assert c.get("metrics", "/probe/startup")[0] == 200 == c.get("metrics", "/probe/liveness")[0]
        status, _, body = c.get("metrics", "/probe/readiness")
        assert (status, body) == (503, b"not ready: this Coordinator has no manifest yet\n")
        status, answer = c.attest()
        assert (status, answer["code"]) == (412, "no_manifest")
        assert c.metric("nacre_ready") == 0 == c.metric("nacre_manifest_generation")


def test_capabilities(web):
    status, headers, body = web.get("http", "/capabilities")
    assert (status, json.loads(body)) == (200, {"api_versions": []})


def test_chunked_body(web):
    """A length that no header tells: what fits is read, what does not ends the connection."""
    def send(chunks):
        with web.raw("http") as s:
            s.sendall(b"POST /attest HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                      b"Transfer-Encoding: chunked\r\n\r\n")
            try:
                for chunk in chunks:
                    s.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                s.sendall(b"0\r\n\r\n")
                got = b""
                while part := s.recv(4096):
                    got += part
                return got
            except (BrokenPipeError, ConnectionResetError):
                return b""

    text = json.dumps({"nonce": NONCE}).encode()
    assert b" 501 " in send([text[:10], text[10:]])
    assert b" 200 " not in send([b" " * 500] * 200)
    assert web.get("metrics", "/probe/liveness")[0] == 200


JUNK = {
    "zeros": b"\x00" * 64,
    "no-version": b"GET\r\n\r\n",
    "version-9": b"GET / HTTP/9.9\r\n\r\n",
    "no-host": b"GET / HTTP/1.1\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01",
    "long-path": b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n",
    "many-headers": b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20000 + b"\r\n",
    "huge-length": b"POST /attest HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "negative-length": b"POST /attest HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "two-lengths": b"POST /attest HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
}


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
def test_junk(web, junk):
    for door in ("http", "metrics"):
        with web.raw(door) as s:
            try:
                s.sendall(junk)
                s.shutdown(socket.SHUT_WR)
                got = b""
                while part := s.recv(65536):
                    got += part
            except OSError:  # it has hung up already
                got = b""
        assert got == b"" or re.match(rb"HTTP/1\.[01] [45]", got), got[:100]
    assert web.get("metrics", "/probe/liveness")[0] == 200


def test_metrics(lab):  # noqa: F811
    with Web(lab) as c:
        before = c.metrics()
        assert before["nacre_ready"] == {frozenset(): 1} and before["nacre_manifest_generation"] == {frozenset(): 1}
        assert before["nacre_last_join_timestamp_seconds"] == {frozenset(): 0}
        join(lab, c.port)
        join(lab, c.port, protocol="contrast")
        with pytest.raises(Refused):
            join(lab, c.port, host_data="66" * 32)
        with pytest.raises(Refused):
            join(lab, c.port, "--guest-policy", "0xb0000")
        with c.raw("mesh") as s:
            s.sendall(b"GET / HTTP/1.1\r\n\r\n")
            s.recv(100)
        assert c.get("http", "/capabilities")[0] == 200
        assert c.metric("nacre_answers_total", protocol="nacre/1", status="OK") == 1
        assert c.metric("nacre_answers_total", protocol="contrast", status="OK") == 1
        assert c.metric("nacre_answers_total", protocol="nacre/1", status="PermissionDenied") == 2
        checks = c.metrics()["nacre_refused_checks_total"]
        assert checks[frozenset({("check", "host data")})] == 1 and sum(checks.values()) == 2, checks
        assert c.metric("nacre_handshakes_total", listener="mesh") == 4
        assert c.metric("nacre_connections_total", listener="mesh") == 5
        assert c.metric("nacre_failures_total", listener="mesh", reason="format") == 1
        assert c.metric("nacre_bytes_in_total", listener="mesh") > 4000 < c.metric("nacre_bytes_out_total", listener="mesh")
        assert c.metric("nacre_http_requests_total", path="/capabilities", code="200") == 1
        assert abs(c.metric("nacre_last_join_timestamp_seconds") - time.time()) < 60
        rss = int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{c.process.pid}/status").read())[1]) * 1024
        assert abs(c.metric("process_resident_memory_bytes") - rss) < 4 << 20
        assert c.metric("process_cpu_seconds_total") > 0 and 5 < c.metric("process_open_fds") < 50
        assert abs(c.metric("process_start_time_seconds") - time.time()) < 60
        assert c.metric("nacre_connections_open", listener="metrics") == 1  # this one
        assert c.metric("nacre_store_limit", limit="volumes") >= c.metric("nacre_epochs")
        assert c.metric("nacre_store_limit", limit="history_manifests") >= c.metric("nacre_manifest_generation") == 1
        c.process.send_signal(signal.SIGTERM)
        assert c.process.wait(10) == 0


def test_slow_header(web):
    """A header that never ends is cut by handshake_ms, not by whoever sends it."""
    start = time.monotonic()
    with web.raw("http") as s:
        s.sendall(b"GET / HTTP/1.1\r\n")
        s.settimeout(0.2)
        while time.monotonic() - start < 20:
            try:
                s.sendall(b"X: y\r\n")
                if s.recv(10) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
    assert 4 < time.monotonic() - start < 9
    assert web.metric("nacre_limit_reached_total", listener="http", limit="handshake_ms") >= 1


def test_mesh_handshake_deadline(web):
    """Guests and owners: no byte, or half of a ClientHello, for handshake_ms."""
    half = crowd.client_hello()[:100]
    start = time.monotonic()
    connections = [(web.raw(door), say) for door in ("mesh", "user") for say in (b"", half)]
    for s, say in connections:
        s.sendall(say)
    for s, _ in connections:
        s.settimeout(20)
        assert s.recv(10) == b""
    assert 4 < time.monotonic() - start < 10
    for door in ("mesh", "user"):
        assert web.metric("nacre_limit_reached_total", listener=door, limit="handshake_ms") >= 2
        assert web.metric("nacre_failures_total", listener=door, reason="timeout") >= 2


def test_full_of_silence(web):
    """More idle clients than the door takes: the next one is served all the same."""
    idle = [web.raw("http") for _ in range(100)]
    assert web.attest()[0] == 501
    assert web.metric("nacre_connections_open", listener="http") <= 64
    assert web.metric("nacre_limit_reached_total", listener="http", limit="connections_per_address") >= 68
    for s in idle:
        s.close()
    assert web.attest()[0] == 501


def test_stop_with_open_connections(lab):  # noqa: F811
    """SIGTERM: the silent go at once, a request that has begun is answered, and nothing waits for the slow ones."""
    with Web(lab) as c:
        silent = [c.raw(door) for door in ("mesh", "user", "http", "metrics")]
        slow = c.raw("http")
        slow.sendall(b"POST /attest HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 56\r\n\r\n")
        time.sleep(0.3)
        start = time.monotonic()
        c.process.send_signal(signal.SIGTERM)
        for s in silent:
            assert s.recv(1) == b""
        slow.sendall(b" " * 2 + json.dumps({"nonce": NONCE}).encode().ljust(54))
        assert slow.recv(4096).startswith(b"HTTP/1.1 4") or b" 501 " in slow.recv(4096)
        assert c.process.wait(10) == 0
        assert time.monotonic() - start < 6
        assert c.log().rstrip().endswith("stopped")


def test_second_signal(lab):  # noqa: F811
    """One signal waits for a handshake that has begun, for 3 seconds; a second one does not."""
    for signals in (1, 2):
        with Web(lab) as c:
            half = c.raw("mesh")
            half.sendall(crowd.client_hello()[:100])
            time.sleep(0.3)
            start = time.monotonic()
            for _ in range(signals):
                c.process.send_signal(signal.SIGTERM)
                time.sleep(0.2)
            with pytest.raises(ConnectionRefusedError) if signals == 1 else contextlib.nullcontext():
                half.close() if signals == 2 else c.raw("http").recv(1)
            assert c.process.wait(10) == 0
            assert (time.monotonic() - start > 2.5) == (signals == 1)


def test_bad_addresses(lab, tmp_path):  # noqa: F811
    for option in ("--user-listen", "--http-listen", "--metrics-listen"):
        r = run(COORDINATOR, "run", "--state", lab.fresh_state(), "--manifest", lab.manifest(), "--no-tee", "--collateral",
                "none", "--listen", "127.0.0.1:0", option, "localhost:1",
                *[word for other in OTHER_DOORS if other != option for word in (other, "none")])
        assert r.returncode == 3 and f"{option}: localhost:1: expected" in r.stderr
