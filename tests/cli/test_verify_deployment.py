# SPDX-License-Identifier: GPL-2.0-or-later
"""nacre-verify against a running deployment: nacre-coordinator attested by softpsp, a guest that joined it, and liars.

The test is the Coordinator's VM: its attestation socket, whose evidence comes from the real softpsp; and OpenSSL is the
workload, with the certificate that the real agent brought.
"""
import base64
import hashlib
import json
import re
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
import urllib.request

import pytest

from test_coordinator import AGENT, BUILD, COORDINATOR, HOST_DATA, TOP, Lab, Psp, join, run
from test_verify import canonical, check, refused, verify

COORDINATOR_HOST_DATA = "c0" * 32
GUIDS = {"63da758de6644564adc5f4b93be8accd": 1, "4ab7b379bbac4fe4a02f05aef327c782": 2, "c0b406a4a803495297433fb6014cd0ae": 3}
NUMBERS = [(1, 0, 4), (2, 4, 4), (3, 8, 8), (4, 0x10, -16), (5, 0x20, -16), (6, 0x30, 4), (7, 0x34, 4), (8, 0x38, 8), (9, 0x40, 8),
           (10, 0x48, 4), (11, 0x50, -64), (12, 0x90, -48), (13, 0xc0, -32), (14, 0xe0, -48), (15, 0x110, -48), (16, 0x140, -32),
           (17, 0x160, -32), (18, 0x180, 8), (19, 0x1a0, -64), (20, 0x1e0, 8), (21, 0x1e8, 1), (22, 0x1e9, 1), (23, 0x1ea, 1),
           (24, 0x1ec, 1), (25, 0x1ed, 1), (26, 0x1ee, 1), (27, 0x1f0, 8), (28, 0x2a0, -512)]


# --- SNP evidence, as docs/formats/snp-evidence.md has it -----------------------------------------------------


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value) if value else b""
    return varint(number << 3 | 2) + varint(len(value)) + value


def fields_of(report):
    out = b"".join(field(n, report[at:at - size] if size < 0 else int.from_bytes(report[at:at + size], "little"))
                   for n, at, size in NUMBERS)
    family, model, stepping = report[0x188:0x18b]
    return out + field(29, stepping | (model & 15) << 4 | (model >> 4) << 16 | min(family, 15) << 8 | max(0, family - 15) << 20)


def evidence(report, table):
    chain = b""
    for at in range(0, len(table), 24):
        guid, offset, size = table[at:at + 16].hex(), *struct.unpack_from("<II", table, at + 16)
        if guid == "00" * 16:
            break
        if guid in GUIDS:
            chain += field(GUIDS[guid], table[offset:offset + size])
    return field(1, fields_of(report)) + field(2, chain)


class Vm:
    """The Coordinator's VM: an attestation socket that answers to report data."""

    def __init__(self, lab, **change):
        self.psp = Psp(lab, host_data=change.pop("host_data", COORDINATOR_HOST_DATA), **change)
        self.path = lab.path("attest.sock")
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(str(self.path))
        self.listener.listen(8)
        self.requests = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                end, _ = self.listener.accept()
            except OSError:
                return
            with end:
                request = end.recv(4096)
                if len(request) == 68:
                    self.requests += 1
                    end.send(bytes([1, 0, 2, 1]) + bytes(50) + evidence(*self.psp.report(request[4:])))

    def close(self):
        self.listener.close()
        self.psp.close()


# --- a deployment ---------------------------------------------------------------------------------------------


class Deployment:
    def __init__(self, folder):
        self.lab = Lab(folder)
        Psp(self.lab).close() # makes the test root, which takes seconds
        self.root = self.lab.psp / "ark.pem"
        self.manifest = self.make_manifest()
        self.measurements, self.key = folder / "measurements.json", folder / "key.pub.pem"
        self.publish(self.measurements)
        self.vm = Vm(self.lab)
        self.out = folder / "out"
        self.serve()

    def make_manifest(self, role="coordinator", **changes):
        m = json.loads(self.lab.manifest(**changes).read_text())
        m["Policies"][COORDINATOR_HOST_DATA] = {"SANs": ["coordinator"]}
        if role:
            m["Policies"][COORDINATOR_HOST_DATA]["Role"] = role
        out = self.lab.path("manifest.json")
        out.write_text(json.dumps(m))
        return out

    def publish(self, path, digest=None):
        """measurements.json of the image that the lab's machines were started with, and the builder's signature"""
        doc = json.loads((TOP / "tests/vectors/measurements/production.json").read_text())
        cpu = next(c for c in doc["image"]["snp"]["cpus"] if c["vcpu_type"] == "EPYC-v4")
        cpu["launch_digests"]["1"] = digest or self.lab.digest
        path.write_text(canonical(doc))
        private = self.lab.dir / "key.pem"
        if not private.exists():
            run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out", private)
            run("openssl", "pkey", "-in", private, "-pubout", "-out", self.key)
        assert run("openssl", "dgst", "-sha384", "-sign", private, "-out", f"{path}.sig", path).returncode == 0

    def serve(self, *more, vm=None, manifest=None):
        self.log = self.lab.path("log")
        args = [COORDINATOR, "run", "--state", self.lab.fresh_state(), "--manifest", manifest or self.manifest, "--collateral",
                "none", "--listen", "127.0.0.1:0", "--user-listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0", "--metrics-listen",
                "none", "--test-root", self.root, *(more or ["--evidence-socket", (vm or self.vm).path])]
        with open(self.log, "w") as out:
            self.process = subprocess.Popen([str(a) for a in args], stderr=out)
        for _ in range(400):
            ports = {k: int(p) for p, k in re.findall(r"listening on 127\.0\.0\.1:(\d+) \((\w+)\)", self.log.read_text())}
            if len(ports) == 3:
                break
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)
        self.port, self.user_port, self.http_port = ports["mesh"], ports["user"], ports["http"]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(10) == 0

    def args(self, **changes):
        """the words of the how-to, for this deployment"""
        values = {"--manifest": self.manifest, "--measurements": self.measurements, "--key": self.key, "--test-root": self.root,
                  "--out": self.out, "--any": "revocation", **{"--" + k.replace("_", "-"): v for k, v in changes.items()}}
        return ["coordinator", f"127.0.0.1:{self.user_port}", *[word for k, v in values.items() if v is not None for word in (k, v)]]


@pytest.fixture(scope="module")
def deployment(tmp_path_factory):
    if not AGENT.exists():
        pytest.skip("make guest has not been run")
    d = Deployment(tmp_path_factory.mktemp("deployment"))
    yield d
    d.stop()
    d.vm.close()


def test_coordinator(deployment):
    shutil.rmtree(deployment.out, ignore_errors=True)
    status, rows, table = check(*deployment.args())
    assert refused(rows) == [] and status == 0, table
    assert rows["measurement"]["found"] == "published for EPYC-v4, 1 vCPU"
    assert rows["coordinator: policy"]["found"] == "coordinator"
    assert rows["report data"]["expected"].startswith("of nonce and key: ")
    assert rows["manifest: current"]["found"] == hashlib.sha256(deployment.manifest.read_bytes()).hexdigest()
    assert rows["root ca: key"]["found"] == deployment.lab.pin
    assert rows["connection"]["found"].startswith("TLS 1.3")
    assert len(table["warnings"]) == 1 and "test root" in table["warnings"][0]
    assert (deployment.out / "history/manifest.0.json").read_bytes() == deployment.manifest.read_bytes()
    for name in ("coordinator-root-ca.pem", "mesh-ca.pem"):
        assert run("openssl", "x509", "-in", deployment.out / name, "-noout").returncode == 0
    assert deployment.vm.requests >= 2 # one at the start, one for this connection


def test_coordinator_pins(deployment):
    _, rows, _ = check(*deployment.args(root_ca_key=deployment.lab.pin))
    assert refused(rows) == []
    _, rows, _ = check(*deployment.args(root_ca_key="00" * 32))
    assert refused(rows) == ["root ca: key"]


def test_coordinator_of_another_manifest(deployment, tmp_path):
    """one byte of difference is another manifest; nothing is written"""
    other = tmp_path / "manifest.json"
    other.write_bytes(deployment.manifest.read_bytes() + b"\n")
    out = tmp_path / "out"
    status, rows, _ = check(*deployment.args(manifest=other, out=out))
    assert status == 1 and refused(rows) == ["manifest: current"] and not out.exists()


def test_coordinator_unknown_digest(deployment, tmp_path):
    other = tmp_path / "measurements.json"
    deployment.publish(other, "11" * 48)
    status, rows, table = check(*deployment.args(measurements=other))
    assert status == 1 and refused(rows) == ["measurement"] and "--firmware" in table["explanation"][0]
    lab = deployment.lab
    status, _, table = check(*deployment.args(measurements=other, firmware=TOP / "tests/vectors/ovmf/kernel-hashes.fd",
                                              kernel=lab.dir / "kernel", initrd=lab.dir / "initrd", cmdline="quiet", vcpus="2"))
    assert status == 1 and table["explanation"] == ["matches with 1 vCPUs instead of 2"]


def test_coordinator_bad_signature(deployment, tmp_path):
    other = tmp_path / "measurements.json"
    deployment.publish(other)
    shutil.copy(f"{deployment.measurements}.sig", f"{other}.sig")
    other.write_text(other.read_text().replace('"name": "a.toml"', '"name": "a.tomm"'))
    status, rows, _ = check(*deployment.args(measurements=other))
    assert status == 1 and "measurements: signature" in refused(rows)
    assert verify(*deployment.args(measurements=None)).returncode == 2 # --key alone
    assert verify(*deployment.args(manifest=None)).returncode == 2


def test_coordinator_needs_the_root(deployment):
    """without the option softpsp's evidence is nobody's"""
    status, rows, table = check(*deployment.args(test_root=None))
    assert status == 1 and refused(rows) == ["root certificate"] and table["warnings"] == []


@pytest.mark.parametrize("change,expected", [
    ({"host_data": "c1" * 32}, ["host data", "coordinator: policy"]),
    ({"host_data": HOST_DATA}, ["coordinator: policy"]), # a workload of the manifest, but not the Coordinator
    ({"cmdline": "quiet init=/bin/sh"}, ["measurement", "manifest: measurement"]),
])
def test_other_machines(deployment, change, expected):
    """a genuine machine that is not the Coordinator's"""
    vm = Vm(deployment.lab, **change)
    deployment.stop()
    try:
        deployment.serve(vm=vm)
        status, rows, _ = check(*deployment.args())
        assert status == 1 and refused(rows) == expected
        deployment.stop()
    finally:
        vm.close()
        deployment.serve()


def test_manifest_without_the_role(deployment):
    manifest = deployment.make_manifest(role=None)
    status, rows, _ = check(*deployment.args(manifest=manifest))
    assert status == 1 and refused(rows) == ["coordinator: policy"]


def test_no_tee(deployment, tmp_path):
    """for development: everything but the machine, and a status that no script takes for success"""
    deployment.stop()
    try:
        deployment.serve("--no-tee")
        status, rows, _ = check(*deployment.args())
        assert status == 1 and refused(rows) == ["coordinator: evidence"]
        got = verify(*deployment.args(out=tmp_path / "out"), "--no-tee", "--json")
        assert got.returncode == 4, got.stderr
        table = json.loads(got.stdout)
        assert table["passed"] and any("--no-tee" in line for line in table["warnings"])
        assert any("its name says that the Coordinator runs outside a TEE" in line for line in table["warnings"])
        assert (tmp_path / "out/mesh-ca.pem").exists()
        deployment.stop()
    finally:
        deployment.serve()


def test_nobody_there(tmp_path, deployment):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen(1)
        args = deployment.args(timeout="1")
        args[1] = f"127.0.0.1:{s.getsockname()[1]}"
        got = verify(*args)
        assert got.returncode == 3 and "no answer in time" in got.stderr
    got = verify(*args)
    assert got.returncode == 3 and "refused" in got.stderr
    for bad in ("host:port", "host:0", ":1313"):
        assert verify("coordinator", bad, *args[2:]).returncode == 2


# --- saved evidence -------------------------------------------------------------------------------------------


def saved_args(deployment, path, **changes):
    values = {"--manifest": deployment.manifest, "--measurements": deployment.measurements, "--key": deployment.key,
              "--test-root": deployment.root, "--any": "revocation", **{"--" + k.replace("_", "-"): v for k, v in changes.items()}}
    return ["evidence", path, *[word for k, v in values.items() if v is not None for word in (k, v)]]


def test_saved_reply(deployment, tmp_path):
    """what a workload got from its attestation socket for a nonce of ours"""
    nonce, head, key, reply = bytes(range(32)), bytes(range(48)), tmp_path / "key.pem", tmp_path / "reply.bin"
    run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", tmp_path / "private.pem")
    run("openssl", "pkey", "-in", tmp_path / "private.pem", "-pubout", "-out", key)
    run("openssl", "pkey", "-in", tmp_path / "private.pem", "-pubout", "-outform", "der", "-out", tmp_path / "key.der")
    spki = (tmp_path / "key.der").read_bytes()
    psp = Psp(deployment.lab)
    data = hashlib.sha512(b"nacre/attest/1\0" + nonce + hashlib.sha384(spki).digest() + head).digest()
    message = evidence(*psp.report(data))
    psp.close()
    reply.write_bytes(bytes([1, 0, 1, 1]) + head + struct.pack(">H", len(spki)) + spki + message)
    for form in (key, tmp_path / "key.der", None):
        status, rows, table = check(*saved_args(deployment, reply, nonce=nonce.hex(), spki=form))
        assert status == 0 and rows["evidence"]["found"] == "a reply of the attestation socket", table
        assert ("key" in rows) == (form is not None) and rows["policy"]["found"].startswith("web")
    assert any("event log" in line for line in table["not_covered"])
    _, rows, _ = check(*saved_args(deployment, reply, nonce="11" * 32))
    assert refused(rows) == ["report data"]
    _, rows, _ = check(*saved_args(deployment, reply, nonce=nonce.hex(), spki=deployment.out / "mesh-ca.pem"))
    assert refused(rows) == ["key"]
    reply.write_bytes(bytes([1, 0, 1, 1]) + head[::-1] + struct.pack(">H", len(spki)) + spki + message)
    _, rows, _ = check(*saved_args(deployment, reply, nonce=nonce.hex()))
    assert refused(rows) == ["report data"]
    reply.write_bytes(bytes([1, 0, 2, 1]) + bytes(50) + message) # an answer to report data
    assert verify(*saved_args(deployment, reply, nonce=nonce.hex())).returncode == 2
    status, _, _ = check(*saved_args(deployment, reply, report_data=data.hex()))
    assert status == 0
    reply.write_bytes(b"\x01\x01\x02\x00the policy allows nonces only")
    got = verify(*saved_args(deployment, reply, report_data=data.hex()))
    assert got.returncode == 3 and "the policy allows nonces only" in got.stderr
    reply.write_bytes(message) # without the key it speaks for
    got = verify(*saved_args(deployment, reply, nonce=nonce.hex()))
    assert got.returncode == 2 and "--spki" in got.stderr


def test_saved_certificate(deployment, tmp_path):
    """the Coordinator's certificate, as OpenSSL saw it in a handshake with a nonce of ours"""
    nonce = bytes(range(32)).hex()
    got = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{deployment.user_port}", "-alpn", f"atls:v1:nonce:{nonce},h2"],
                         stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
    cert = tmp_path / "cert.pem"
    cert.write_bytes(re.search(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", got.stdout, re.S).group(0))
    run("openssl", "x509", "-in", cert, "-outform", "der", "-out", tmp_path / "cert.der")
    for path in (cert, tmp_path / "cert.der"):
        status, rows, table = check(*saved_args(deployment, path, nonce=nonce, spki=cert))
        assert status == 0 and rows["evidence"]["found"] == "a certificate with evidence", table
    _, rows, _ = check(*saved_args(deployment, cert, nonce="00" * 32))
    assert refused(rows) == ["report data"]
    _, rows, _ = check(*saved_args(deployment, cert, nonce=nonce, host_data="00" * 32))
    assert refused(rows) == ["host data"]
    got = verify(*saved_args(deployment, deployment.out / "mesh-ca.pem", nonce=nonce))
    assert got.returncode == 3 and "carries no evidence" in got.stderr


def attestation_args(deployment, path, nonce, **changes):
    return ["attestation", path, "--nonce", nonce.hex(), *deployment.args(**changes)[2:]]


def test_attestation(deployment, tmp_path):
    """a saved answer of the HTTP API: its evidence vouches for the history and the CAs"""
    nonce, out, path = bytes(range(32)), tmp_path / "out", tmp_path / "answer.json"
    request = urllib.request.Request(f"http://127.0.0.1:{deployment.http_port}/attest",
                                     json.dumps({"nonce": base64.b64encode(nonce).decode()}).encode(), {"Content-Type": "application/json"})
    answer = json.loads(urllib.request.urlopen(request, timeout=20).read())
    path.write_text(json.dumps(answer))
    status, rows, table = check(*attestation_args(deployment, path, nonce, out=out, root_ca_key=deployment.lab.pin))
    assert status == 0 and refused(rows) == [], table
    assert rows["report data"]["expected"].startswith("of nonce, history and CAs: ")
    assert rows["coordinator: policy"]["found"] == "coordinator"
    assert (out / "mesh-ca.pem").read_bytes() == base64.b64decode(answer["mesh_ca"])
    assert (out / "history/manifest.0.json").read_bytes() == deployment.manifest.read_bytes()
    shutil.rmtree(out)

    def changed(expected, nonce=nonce, **members):
        path.write_text(json.dumps({**answer, **members}))
        status, rows, table = check(*attestation_args(deployment, path, nonce, out=out))
        assert status == 1 and refused(rows) == expected and not out.exists(), table
    b64 = lambda data: base64.b64encode(data).decode()
    changed(["report data"], nonce=bytes(32))
    changed(["report data", "history: updates"], manifests=answer["manifests"] * 2) # the same again: nobody may
    changed(["report data", "manifest: current"], manifests=[b64(deployment.manifest.read_bytes() + b" ")])
    changed(["report data", "mesh ca: certificate"], mesh_ca=answer["root_ca"])
    for bad in ({"more": 1}, {"manifests": []}, {"manifests": ["!"]}, {"root_ca": ""}):
        path.write_text(json.dumps({**answer, **bad}))
        assert verify(*attestation_args(deployment, path, nonce)).returncode == 3, bad
    assert verify("attestation", path, *deployment.args()[2:]).returncode == 2 # no nonce


def test_revocation(tmp_path):
    """a chain and lists of the shape of AMD's, made by OpenSSL: the owner's list, or the one that came along"""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from forge_snp import Root
    crl = TOP / "tests/vectors/crl"
    forge = Root.__new__(Root)
    forge.key = load_pem_private_key((crl / "vcek.key.pem").read_bytes(), None)
    tcb = bytes([10, 0, 0, 0, 0, 0, 28, 88])
    report = forge.report(current=tcb, reported=tcb, committed=tcb, launch=tcb, cpu=(0x19, 0x11, 1), chip=b"\x55" * 64)
    (tmp_path / "report.bin").write_bytes(report)
    run("openssl", "x509", "-inform", "der", "-in", crl / "ark.der", "-out", tmp_path / "ark.pem")
    message = lambda name: field(1, fields_of(report)) + field(2, b"".join([
        field(1, (crl / "vcek.der").read_bytes()), field(2, (crl / "ask.der").read_bytes()),
        field(7, field(1, b"00569ee4-e480-4fba-bbf4-45b629901180") + field(2, (crl / name).read_bytes()))]))
    common = ["--test-root", tmp_path / "ark.pem", "--any",
              "report-data,measurement,host-data,chip-id,id-key,tcb,platform-info,firmware"]
    certs = ["--certs", crl / "vcek.der", crl / "ask.der"]
    assert verify("evidence", tmp_path / "report.bin", *certs, *common).returncode == 2
    for name, expected in [("empty.crl", []), ("revoked.crl", ["revocation"]), ("leaf.crl", ["revocation"]), ("other.crl", []), ("forged.crl", ["revocation"])]:
        _, rows, table = check("evidence", tmp_path / "report.bin", *certs, *common, "--crl", crl / name)
        assert refused(rows) == expected, (name, table)
        assert not any("came with" in line for line in table["not_covered"])
        (tmp_path / "message.bin").write_bytes(message(name))
        _, rows, table = check("evidence", tmp_path / "message.bin", *common)
        assert refused(rows) == expected, (name, table)
        assert any("came with" in line for line in table["not_covered"])
    (tmp_path / "message.bin").write_bytes(message("empty.crl"))
    (tmp_path / "snp-genoa.crl").write_bytes((crl / "revoked.crl").read_bytes())
    for own in (["--crl", crl / "revoked.crl"], ["--collateral", tmp_path]): # the owner's list goes before the host's
        _, rows, _ = check("evidence", tmp_path / "message.bin", *common, *own)
        assert refused(rows) == ["revocation"]


# --- guests ---------------------------------------------------------------------------------------------------


class Workload:
    """openssl s_server with a guest's certificate"""

    def __init__(self, lab, chain, key, *more):
        self.files = [lab.path("chain.pem"), lab.path("key.pem")]
        for path, data in zip(self.files, (chain, key)):
            path.write_bytes(data)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.process = subprocess.Popen(["openssl", "s_server", "-accept", f"127.0.0.1:{self.port}", "-cert", self.files[0],
                                         "-cert_chain", self.files[0], "-key", self.files[1], "-quiet", *more],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    break
            time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def guest(deployment):
    """what a guest has after joining, and the mesh CA as the data owner got it"""
    deployment.stop()
    deployment.serve()
    got = join(deployment.lab, deployment.port)
    status, _, _ = check(*deployment.args())
    assert status == 0
    assert (deployment.out / "mesh-ca.pem").read_bytes() == got["mesh_ca"]
    return got


def split(chain):
    return re.findall(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", chain, re.S)


def guest_args(deployment, port, **changes):
    values = {"--manifest": deployment.manifest, "--measurements": deployment.measurements, "--key": deployment.key,
              "--out": deployment.out, **{"--" + k.replace("_", "-"): v for k, v in changes.items()}}
    return ["guest", f"127.0.0.1:{port}", *[word for k, v in values.items() if v is not None for word in (k, v)]]


def serve_guest(deployment, got, *more):
    leaf, intermediate = split(got["chain"])
    w = Workload.__new__(Workload)
    lab = deployment.lab
    path = lab.path("intermediate.pem")
    path.write_bytes(intermediate)
    Workload.__init__(w, lab, leaf, got["key"], "-cert_chain", path, *more)
    return w


@pytest.mark.parametrize("more", [["-tls1_3"], ["-tls1_2"], ["-Verify", "1"]])
def test_guest(deployment, guest, more):
    """TLS 1.3, TLS 1.2, and a server that wants a certificate of ours"""
    with serve_guest(deployment, guest, *more) as w:
        status, rows, table = check(*guest_args(deployment, w.port))
        assert refused(rows) == [] and status == 0, table
        assert rows["claim: measurement"]["found"] == "published for EPYC-v4, 1 vCPU"
        assert rows["policy"]["found"] == "web, workload secret id tests/web"
        assert rows["claim: host data"]["found"] == HOST_DATA
        assert rows["certificate: names"]["found"].startswith("web, *.web.test, 127.0.0.1, ")
        assert rows["certificate: names"]["verdict"] == "not run"
        assert any("Coordinator's word" in line for line in table["not_covered"])


@pytest.mark.parametrize("name,good", [("web", True), ("a.web.test", True), ("A.WEB.TEST", True), ("127.0.0.1", True),
                                       ("2001:db8::1", True), ("a.b.web.test", False), ("web.test", False), ("127.0.0.2", False)])
def test_guest_names(deployment, guest, name, good):
    with serve_guest(deployment, guest) as w:
        _, rows, _ = check(*guest_args(deployment, w.port, name=name))
        assert refused(rows) == ([] if good else ["certificate: names"])


def test_guest_refusals(deployment, guest, tmp_path):
    other = tmp_path / "measurements.json"
    deployment.publish(other, "11" * 48)
    strict = deployment.make_manifest(MinimumTCB={"BootloaderVersion": 255, "TEEVersion": 0, "SNPVersion": 0, "MicrocodeVersion": 0})
    foreign = json.loads(deployment.manifest.read_text())
    foreign["Policies"]["77" * 32] = foreign["Policies"].pop(HOST_DATA)
    (tmp_path / "foreign.json").write_text(json.dumps(foreign))
    renamed = json.loads(deployment.manifest.read_text())
    renamed["Policies"][HOST_DATA]["SANs"] = ["db"]
    (tmp_path / "renamed.json").write_text(json.dumps(renamed))
    with serve_guest(deployment, guest) as w:
        for changes, expected in [({"measurements": other}, ["claim: measurement"]),
                                  ({"manifest": strict}, ["manifest: reference values"]),
                                  ({"manifest": tmp_path / "foreign.json"}, ["claim: host data", "policy"]),
                                  ({"manifest": tmp_path / "renamed.json"}, ["policy: names and secret id"]),
                                  ({"now": "2046-01-01"}, ["mesh ca: certificate"]),
                                  ({"now": "2031-01-01"}, ["certificate: dates"])]:
            status, rows, table = check(*guest_args(deployment, w.port, **changes))
            assert status == 1 and refused(rows) == expected, (changes, table)
        assert verify(*guest_args(deployment, w.port, measurements=None, key=None)).returncode == 2
        assert verify(*guest_args(deployment, w.port, out=None)).returncode == 2
        doc = json.loads(deployment.measurements.read_text())
        other.write_text(canonical({**doc, "host_data": []}))
        got = verify(*guest_args(deployment, w.port, manifest=None, measurements=other, key=None))
        assert got.returncode == 2 and "give --manifest or --any host-data" in got.stderr
        got = verify(*guest_args(deployment, w.port, out=tmp_path / "nothing"))
        assert got.returncode == 3 and "mesh-ca.pem" in got.stderr


def test_other_servers(deployment, guest, tmp_path):
    """under another CA; and with the right certificate, but not its key"""
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=web", "-days", "30",
        "-keyout", key, "-out", cert)
    with Workload(deployment.lab, cert.read_bytes(), key.read_bytes()) as w:
        status, rows, _ = check(*guest_args(deployment, w.port))
        assert status == 1 and refused(rows) == ["certificate: chain"]
        assert not any(name.startswith("claim") for name in rows)
    with Coordinator2(deployment) as mesh_ca:
        with serve_guest(deployment, guest) as w:
            _, rows, _ = check(*guest_args(deployment, w.port, out=None, mesh_ca=mesh_ca))
            assert refused(rows) == ["certificate: chain"]


class Coordinator2:
    """the mesh CA of the same Coordinator after another start: another key"""

    def __init__(self, deployment):
        self.deployment = deployment

    def __enter__(self):
        old, out = self.deployment.process, self.deployment.lab.path("out2")
        ports = self.deployment.port, self.deployment.user_port
        self.deployment.serve()
        assert check(*self.deployment.args(out=out))[0] == 0
        self.deployment.stop()
        self.deployment.process = old
        self.deployment.port, self.deployment.user_port = ports
        return out / "mesh-ca.pem"

    def __exit__(self, *_):
        pass


def test_plain_text_server(deployment):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen(1)

        def answer():
            end, _ = s.accept()
            end.recv(4096)
            end.send(b"-ERR not TLS\r\n" * 8)
            end.close()
        threading.Thread(target=answer, daemon=True).start()
        got = verify(*guest_args(deployment, s.getsockname()[1], timeout="5"))
        assert got.returncode == 3 and "tls: handshake" in got.stderr
