# SPDX-License-Identifier: GPL-2.0-or-later
"""nacre-coordinator as a program: its commands, and joins by the real agent with reports by the real softpsp.

The test plays PID 1 (the agent's socket pair) and QEMU's console (softpsp's socket). OpenSSL checks what was issued.
"""
import calendar
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import stat
import struct
import subprocess
import time

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("NACRE_BUILD", "build")
COORDINATOR = BUILD / "bin/nacre-coordinator"
SOFTPSP = BUILD / "bin/softpsp"
AGENT = BUILD / "guest/agent"
FIRMWARE = TOP / "tests/vectors/ovmf/kernel-hashes.fd"
HOST_DATA = "5a" * 32
OTHER_DOORS = ("--user-listen", "--http-listen", "--metrics-listen")
NO_OTHER_DOORS = [word for option in OTHER_DOORS for word in (option, "none")]


def run(*args, **kw):
    return subprocess.run([str(a) for a in args], text=True, capture_output=True, timeout=60, **kw)


# --- commands ---------------------------------------------------------------------------------------------


def test_help_and_usage(tmp_path):
    assert run(COORDINATOR, "--help").returncode == 0
    for command, names in [("init", "--state"), ("manifest", "--signature"), ("recover", "--seed-share"), ("run", "--lease-life")]:
        r = run(COORDINATOR, command, "--help")
        assert (r.returncode, r.stderr) == (0, "") and names in r.stdout, command
    for args in [[], ["nothing"], ["init"], ["init", "--state"], ["init", "--state", tmp_path, "--state", tmp_path],
                 ["root-ca", "--state", tmp_path, "--x"], ["manifest"], ["manifest", "check"],
                 ["manifest", "check", "a", "b"], ["run"], ["run", "--state", "a", "--manifest", "b"],
                 ["run", "--state", "a", "--manifest", "b", "--listen", "127.0.0.1:0"],
                 ["run", "--state", "a", "--manifest", "b", "--listen", "127.0.0.1:0", "--no-tee"],
                 ["run", "--state", "a", "--manifest", "b", "--listen", "127.0.0.1:0", "--no-tee", "--listen", "x"]]:
        r = run(COORDINATOR, *args)
        assert (r.returncode, r.stdout) == (2, ""), args
        assert r.stderr


def test_init(tmp_path):
    state = tmp_path / "state"
    first = run(COORDINATOR, "init", "--state", state)
    assert first.returncode == 0 and re.fullmatch(r"[0-9a-f]{64}\n", first.stdout)
    assert stat.S_IMODE((state / "seed").stat().st_mode) == 0o600
    seed = (state / "seed").read_bytes()
    again = run(COORDINATOR, "init", "--state", state)
    assert again.returncode == 1 and "File exists" in again.stderr
    assert (state / "seed").read_bytes() == seed
    assert run(COORDINATOR, "root-ca", "--state", state).stdout == first.stdout
    data = json.loads(run(COORDINATOR, "root-ca", "--state", state, "--json").stdout)
    assert data == {"root_ca_key_sha256": first.stdout.strip()}
    (state / "seed").write_bytes(seed[:-1] + bytes([seed[-1] ^ 1]))
    assert run(COORDINATOR, "root-ca", "--state", state).returncode == 3
    assert run(COORDINATOR, "root-ca", "--state", tmp_path / "no").returncode == 1


def test_manifest_check(tmp_path):
    full = TOP / "tests/vectors/manifest/full.json"
    r = run(COORDINATOR, "manifest", "check", full, "--json")
    assert r.returncode == 0
    assert json.loads(r.stdout) == {"sha256": hashlib.sha256(full.read_bytes()).hexdigest(), "policies": 3, "snp": 2,
                                    "tdx": 1}
    small = TOP / "tests/vectors/manifest/small.json"
    assert run(COORDINATOR, "manifest", "check", small).returncode == 3
    assert run(COORDINATOR, "manifest", "check", small, "--no-tee").returncode == 0
    bad = tmp_path / "bad.json"
    bad.write_text(full.read_text().replace('"TEEVersion": 0', '"TEEVersion": 256'))
    r = run(COORDINATOR, "manifest", "check", bad)
    assert r.returncode == 3 and "ReferenceValues.snp[0].MinimumTCB.TEEVersion" in r.stderr
    assert run(COORDINATOR, "manifest", "check", tmp_path / "absent").returncode == 1


# --- a lab: one state, one test root ----------------------------------------------------------------------


class Lab:
    def __init__(self, folder):
        self.dir = folder
        self.state = folder / "state"
        self.pin = run(COORDINATOR, "init", "--state", self.state).stdout.strip()
        self.psp = folder / "psp"
        for name in ("kernel", "initrd"):
            (folder / name).write_bytes(name.encode())
        self.count = 0
        self.digest = run(*self.softpsp("--print-digest")).stdout.strip()
        assert re.fullmatch("[0-9a-f]{96}", self.digest)

    def path(self, name):
        self.count += 1
        return self.dir / f"{self.count:03}-{name}"

    def fresh_state(self):
        state = self.path("state")
        state.mkdir(mode=0o700)
        shutil.copy(self.state / "seed", state / "seed")
        return state

    def softpsp(self, *more, host_data=HOST_DATA, socket_path=None, cmdline="quiet"):
        return [SOFTPSP, "--socket", socket_path or self.dir / "unused.sock", "--state", self.psp, "--firmware", FIRMWARE,
                "--kernel", self.dir / "kernel", "--initrd", self.dir / "initrd", "--cmdline", cmdline, "--vcpus", "1",
                "--host-data", host_data, *more]

    def manifest(self, **changes):
        m = json.loads(re.sub(r"@\w+@", "0" * 64, (TOP / "docs/examples/manifest.json.in").read_text()))
        m["Policies"] = {HOST_DATA: {"SANs": ["web", "*.web.test", "127.0.0.1", "2001:db8::1", "spiffe://acme/web"],
                                     "WorkloadSecretID": "tests/web"}}
        m["ReferenceValues"]["snp"][0].update({"TrustedMeasurement": self.digest, **changes})
        out = self.path("manifest.json")
        out.write_text(json.dumps(m))
        return out

    def policy(self, port, pin=None, protocol="nacre/1", volumes=()):
        return json.dumps({
            "version": 1, "platforms": ["snp"],
            "image": {"device": "image", "filesystem": "erofs", "hash": "sha256", "root_hash": "00" * 32, "salt": "",
                      "data_block_size": 4096, "hash_block_size": 4096, "data_blocks": 1, "hash_start_block": 1},
            "workload": {"argv": ["/bin/true"], "env": [], "cwd": "/", "hostname": "web", "uid": 1000, "gid": 1000,
                         "groups": [], "capabilities": [], "rlimits": [], "seccomp": {"profile": "default"},
                         "tmpfs": [], "masked_paths": [], "readonly_paths": [], "console": "none"},
            "volumes": [{"name": v, "device": v, "mount": f"/{v}", "filesystem": "ext4", "format_if_blank": True} for v in volumes],
            "network": [{"link": "eth0", "address": "10.0.2.15/24", "gateway": "10.0.2.2"}],
            "coordinator": {"address": f"127.0.0.1:{port}", "root_ca_key_sha256": pin or self.pin,
                            "protocol": protocol,
                            "deadline_ms": 20000, "retry_ms": 100, "retry_max_ms": 1000},
        }).encode()


class Coordinator:
    def __init__(self, lab, manifest=None, test_root=True, state=None, collateral="none", more=()):
        """Without a state: one with the lab's seed and no history, so that the manifest is its first."""
        self.ca = lab.path("ca")
        self.log_path = lab.path("coordinator.log")
        self.state = state or lab.fresh_state()
        self.args = [COORDINATOR, "run", "--state", self.state, "--manifest", manifest or lab.manifest(),
                     "--listen", "127.0.0.1:0", "--no-tee", "--collateral", collateral, "--ca-out", self.ca, *more]
        for option in OTHER_DOORS:
            if option not in more:
                self.args += [option, "none"]
        if test_root:
            self.args += ["--test-root", lab.psp / "ark.pem"]

    def log(self):
        return self.log_path.read_text()

    def wait_log(self, pattern):
        for _ in range(200):
            found = re.search(pattern, self.log())
            if found:
                return found
            assert self.process.poll() is None, self.log()
            time.sleep(0.05)
        raise AssertionError(f"no {pattern} in: {self.log()}")

    def __enter__(self):
        with open(self.log_path, "w") as out:
            self.process = subprocess.Popen([str(a) for a in self.args], stderr=out)
        self.port = int(self.wait_log(r"listening on 127\.0\.0\.1:(\d+)").group(1))
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(10) == 0


class Psp:
    """softpsp with the socket that QEMU would have."""

    def __init__(self, lab, *more, **change):
        path = lab.path("psp.sock")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
            server.listen(1)
            self.process = subprocess.Popen([str(a) for a in lab.softpsp(*more, socket_path=path, **change)],
                                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            server.settimeout(120)
            self.end, _ = server.accept()
        self.end.settimeout(20)

    def take(self, size):
        got = b""
        while len(got) < size:
            part = self.end.recv(size - len(got))
            assert part, "softpsp closed too early"
            got += part
        return got

    def report(self, data):
        self.end.sendall(bytes([0, 64]) + data)
        out, aux = struct.unpack("<II", self.take(8))
        return self.take(out), self.take(aux)

    def close(self):
        self.end.close()
        self.process.wait(20)


START, REPORT_REQUEST, REPORT_REPLY, CERTIFICATES, DONE, FAILED, READY = range(1, 8)


def block(data):
    return struct.pack("<I", len(data)) + data


def blocks(payload):
    out = []
    while payload:
        size, = struct.unpack_from("<I", payload)
        out.append(payload[4:4 + size])
        payload = payload[4 + size:]
    return out


class Refused(Exception):
    pass


def join(lab, port, *psp_options, pin=None, protocol="nacre/1", volumes=(), **psp_change):
    """One guest: what PID 1 would get from the agent, or Refused with the agent's text."""
    psp = Psp(lab, *psp_options, **psp_change)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    helper = ["bash", "-c", f'exec 3<&{theirs.fileno()}; exec "$0"', str(AGENT)]
    agent = subprocess.Popen(helper, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
    theirs.close()
    ours.settimeout(40)
    try:
        send = lambda kind, payload: ours.send(struct.pack("<HHI", kind, 0, len(payload)) + payload)
        send(START, struct.pack("<HQ", 1, int(time.time()) - 60) + bytes(range(48)) + block(lab.policy(port, pin, protocol, volumes)) + block(b""))
        result = None
        while True:
            message = ours.recv(1 << 18)
            assert message, f"the agent ended: {agent.wait(10)}"
            kind, payload = struct.unpack_from("<H", message)[0], message[8:]
            if kind == REPORT_REQUEST:
                send(REPORT_REPLY, b"".join(block(part) for part in psp.report(payload)))
            elif kind == CERTIFICATES:
                epochs, = struct.unpack_from("<I", payload, 8)
                result = blocks(payload[12 + 8 * epochs:])
            elif kind == READY:  # it stays until its socket closes
                return dict(zip(("mesh_ca", "chain", "key", "root_ca", "secret"), result))
            elif kind == FAILED:
                raise Refused(payload[6:].decode())
            else:
                raise AssertionError(f"message {kind}")
    finally:
        ours.close()
        agent.wait(20)
        psp.close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("coordinator"))
    Psp(lab).close()  # makes the test root, which takes seconds
    return lab


# --- joins ------------------------------------------------------------------------------------------------


def openssl_verify(lab, ca, leaf, untrusted=None, purpose="sslserver"):
    more = ["-untrusted", untrusted] if untrusted else []
    return run("openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile", ca, *more, leaf)


def split_chain(lab, chain):
    parts = re.findall(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", chain, re.S)
    assert b"".join(parts) == chain and len(parts) == 2
    paths = [lab.path("leaf.pem"), lab.path("intermediate.pem")]
    for path, part in zip(paths, parts):
        path.write_bytes(part)
    return paths


def test_certificate_life(lab):
    for bad in ("19", "31557601", "1h", ""):
        with open(os.devnull) as nothing:
            r = run(*Coordinator(lab, more=["--certificate-life", bad]).args, stdin=nothing)
        assert r.returncode == 2 and "20 to 31557600 seconds" in r.stderr, bad
    with Coordinator(lab, more=["--certificate-life", "60"]) as c:
        before = time.time()
        leaf, _ = split_chain(lab, join(lab, c.port)["chain"])
    end = run("openssl", "x509", "-in", leaf, "-noout", "-enddate").stdout.strip().split("=")[1]
    left = calendar.timegm(time.strptime(end, "%b %d %H:%M:%S %Y GMT")) - before
    assert 58 < left < 75


@pytest.mark.parametrize("protocol", ["nacre/1", "contrast"])
def test_join(lab, protocol):
    with Coordinator(lab) as c:
        got = join(lab, c.port, protocol=protocol)
        log = c.wait_log(r".* joined .*").group(0)
        mesh_ca, root_ca = c.ca / "mesh-ca.pem", c.ca / "coordinator-root-ca.pem"
        assert got["mesh_ca"] == mesh_ca.read_bytes() and got["root_ca"] == root_ca.read_bytes()
    assert f"product=Genoa name=web secret=yes tls=1.3 protocol={protocol}" in log and f"host_data={HOST_DATA} " in log
    assert (f" events={bytes(range(48)).hex()} " in log) == (protocol == "nacre/1")
    assert "WARNING: reports under the test root" in c.log() and "stopped" in c.log()
    leaf, intermediate = split_chain(lab, got["chain"])
    for purpose in ("sslserver", "sslclient"):
        assert openssl_verify(lab, mesh_ca, leaf, purpose=purpose).returncode == 0
        assert openssl_verify(lab, root_ca, leaf, intermediate, purpose).returncode == 0
    assert openssl_verify(lab, root_ca, leaf).returncode != 0
    text = run("openssl", "x509", "-in", leaf, "-noout", "-text").stdout
    assert "DNS:web, DNS:*.web.test, IP Address:127.0.0.1, IP Address:2001:DB8:0:0:0:0:0:1, URI:spiffe://acme/web" in text
    assert "Subject: CN = web" in text and "ecdsa-with-SHA384" in text
    der = lab.path("leaf.der")
    run("openssl", "x509", "-in", leaf, "-outform", "der", "-out", der)
    parsed = run("openssl", "asn1parse", "-inform", "der", "-in", der).stdout
    claims = re.findall(r"OBJECT +:1\.3\.9901\.2\.1\.(\d+)\n.*OCTET STRING +\[HEX DUMP\]:(\w+)", parsed)
    values = {int(n): v for n, v in claims}
    assert sorted(values) == list(range(1, 47))
    assert values[22] == "0430" + lab.digest.upper() and values[23] == "0420" + HOST_DATA.upper()
    assert re.search(r"1\.3\.9901\.3\.1\n.*:0409" + b"tests/web".hex().upper(), parsed)
    key = lab.path("key.pem")
    key.write_bytes(got["key"])
    assert run("openssl", "pkey", "-in", key, "-pubout").stdout == \
        run("openssl", "x509", "-in", leaf, "-noout", "-pubkey").stdout
    spki = run("sh", "-c", f"openssl x509 -in {root_ca} -noout -pubkey | openssl pkey -pubin -outform der | sha256sum")
    assert spki.stdout.split()[0] == lab.pin


def test_join_takes_leases(lab):
    """The agent asks for each volume of its policy; a second boot does not get them, and boots all the same."""
    with Coordinator(lab) as c:
        for _ in range(2):
            assert len(join(lab, c.port, volumes=["data", "logs"])["secret"]) == 64
        c.wait_log(r" joined .* volumes=data:acquire:ok:0,logs:acquire:ok:0\n")
        c.wait_log(r" joined .* volumes=data:acquire:held:0,logs:acquire:held:0\n")
        join(lab, c.port, volumes=["data"], protocol="contrast")
        assert "protocol=contrast" in c.wait_log(r" joined .*protocol=contrast.*\n").group(0)
        assert c.log().count("volumes=") == 2


def test_what_stays(lab):
    """Root CA and secret outlive a restart; mesh CA, key and certificate do not."""
    got = []
    for _ in range(2):
        with Coordinator(lab) as c:
            got.append(join(lab, c.port))
    first, second = got
    assert len(first["secret"]) == 64 and first["secret"] == second["secret"]
    assert first["mesh_ca"] != second["mesh_ca"] and first["key"] != second["key"]
    keys = []
    for i, one in enumerate(got):
        path = lab.path("root.pem")
        path.write_bytes(one["root_ca"])
        keys.append(run("openssl", "x509", "-in", path, "-noout", "-pubkey").stdout)
        leaf, intermediate = split_chain(lab, one["chain"])
        old_root = lab.path("old-root.pem")
        old_root.write_bytes(first["root_ca"])
        assert openssl_verify(lab, old_root, leaf, intermediate).returncode == 0
        old_mesh = lab.path("old-mesh.pem")
        old_mesh.write_bytes(first["mesh_ca"])
        assert (openssl_verify(lab, old_mesh, leaf).returncode == 0) == (i == 0)
    assert keys[0] == keys[1]


def test_secret_by_other_means(lab):
    """The secret follows from the seed file as docs/formats/manifest.md says."""
    hkdf = pytest.importorskip("cryptography.hazmat.primitives.kdf.hkdf")
    from cryptography.hazmat.primitives import hashes

    derive = lambda key, info: hkdf.HKDF(hashes.SHA256(), 64, salt, info).derive(key)
    seed_file = (lab.state / "seed").read_bytes()
    seed, salt = seed_file[8:72], seed_file[72:104]
    with Coordinator(lab) as c:
        got = join(lab, c.port)
    assert got["secret"] == derive(derive(seed, b"POD STATE SECRET"), b"WORKLOAD SECRET ID: tests/web")


TCB = {"BootloaderVersion": 10, "TEEVersion": 0, "SNPVersion": 23, "MicrocodeVersion": 255}


@pytest.mark.parametrize("changes, options, change, status, says", [
    ({"TrustedMeasurement": "ab" * 48}, [], {}, "PermissionDenied", "snp[0]: measurement: expected abab"),
    ({}, [], {"cmdline": "quiet nacre.dev"}, "PermissionDenied", "snp[0]: measurement"),
    ({}, ["--guest-policy", "b0000"], {}, "PermissionDenied", "snp[0]: guest policy"),
    ({"MinimumTCB": TCB}, [], {}, "PermissionDenied", "snp[0]: reported tcb"),
    ({}, ["--vmpl", "1"], {}, "PermissionDenied", "snp[0]: vmpl: expected 0, found 1"),
    ({}, [], {"host_data": "5b" * 32}, "PermissionDenied", "host data: 5b5b"),
    ({"AllowedChipIDs": ["00" * 64]}, [], {}, "PermissionDenied", "snp[0]: chip id"),
    ({"ProductName": "Turin"}, [], {}, "PermissionDenied", "product"),
    ({}, ["--replay"], {}, "PermissionDenied", "snp[0]: report data"),
])
def test_refusals(lab, changes, options, change, status, says):
    with Coordinator(lab, lab.manifest(**changes)) as c:
        with pytest.raises(Refused) as refused:
            join(lab, c.port, *options, **change)
        log = c.wait_log(r".* refused .*").group(0)
    assert f"refused {status}: " in log and says in log
    assert says in str(refused.value)


def test_foreign_root(lab):
    with Coordinator(lab, test_root=False) as c:
        with pytest.raises(Refused) as refused:
            join(lab, c.port)
        log = c.wait_log(r".* refused .*").group(0)
    assert "refused Unauthenticated: ReferenceValues.snp[0]: root" in log
    assert "root" in str(refused.value)
    assert "WARNING: reports under the test root" not in c.log()


def test_other_coordinator(lab):
    """A Coordinator with another seed cannot be the pinned one: the guest refuses it."""
    other = lab.path("other-state")
    run(COORDINATOR, "init", "--state", other)
    with Coordinator(lab, state=other) as c:
        with pytest.raises(Refused):
            join(lab, c.port)


# --- the server -------------------------------------------------------------------------------------------


def test_half_open_and_garbage(lab):
    with Coordinator(lab) as c:
        idle = [socket.create_connection(("127.0.0.1", c.port)) for _ in range(100)]
        half = socket.create_connection(("127.0.0.1", c.port))
        half.sendall(b"\x16\x03\x01\x02\x00\x01")
        for junk in (b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 5000, os.urandom(5000)):
            with socket.create_connection(("127.0.0.1", c.port)) as s:
                s.sendall(junk)
        assert join(lab, c.port)["secret"]
        for s in [*idle, half]:
            s.close()
        c.wait_log("failed: ")


def test_many_at_once(lab):
    with Coordinator(lab) as c:
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            got = list(pool.map(lambda _: join(lab, c.port), range(8)))
    assert len({g["key"] for g in got}) == 8 and len({g["secret"] for g in got}) == 1


def test_start_refused(lab, tmp_path):
    state = lab.fresh_state()
    base = [COORDINATOR, "run", "--state", state, *NO_OTHER_DOORS, "--collateral", "none", "--no-tee"]
    for args, code, says in [
        (["--manifest", lab.manifest(), "--listen", "localhost:1"], 3, "--listen"),
        (["--manifest", lab.manifest(), "--listen", "127.0.0.1:0", "--test-root", lab.dir / "kernel"], 3, "kernel"),
        (["--manifest", lab.manifest(ProductName="Milan"), "--listen", "127.0.0.1:0"], 3, "AllowedChipIDs"),
        (["--manifest", tmp_path / "no", "--listen", "127.0.0.1:0"], 1, "No such file"),
        (["--manifest", lab.manifest(), "--listen", "none"], 2, "every listener is none"),
    ]:
        fresh = lab.fresh_state()
        r = run(COORDINATOR, "run", "--state", fresh, *base[4:], *args)
        assert r.returncode == code and says in r.stderr, r.stderr
        assert not (fresh / "transitions/latest").exists()  # a first manifest would be for good
    both = ["--manifest", lab.manifest(), "--listen", "127.0.0.1:0", "--evidence-socket", tmp_path / "no"]
    r = run(*base, *both)
    assert r.returncode == 2 and "exactly one of --no-tee and --evidence-socket" in r.stderr
    assert run(*base[:-1], *both[:4]).returncode == 2
    os.chmod(state / "seed", 0o644)
    r = run(*base, "--manifest", lab.manifest(), "--listen", "127.0.0.1:0")
    assert r.returncode == 3 and "0644" in r.stderr
