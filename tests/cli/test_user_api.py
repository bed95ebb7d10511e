# SPDX-License-Identifier: GPL-2.0-or-later
"""The history of a real Coordinator, by its own client commands: set, update, refusals, kill -9 in the middle, recovery
with a seed share, rotation under joins."""
import base64
import concurrent.futures
import hashlib
import json
import socket
import subprocess
import threading
import time

import pytest

from test_coordinator import COORDINATOR, Coordinator, HOST_DATA, Psp, TOP, join, lab, run, split_chain, openssl_verify  # noqa: F401

RSA = TOP / "tests/vectors/rsa_oaep"
POLICY = b"an initdata document"


def der_to_pem(path, label, der):
    text = base64.encodebytes(der).replace(b"\n", b"")
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    path.write_bytes(b"-----BEGIN " + label + b"-----\n" + b"\n".join(lines) + b"\n-----END " + label + b"-----\n")
    return path


class Owner:
    """The owner's folder: keys, policy, manifests."""

    def __init__(self, lab):
        self.lab, self.dir = lab, lab.path("owner")
        self.dir.mkdir()
        self.policy = self.dir / "policy"
        self.policy.write_bytes(POLICY)
        self.host_data = hashlib.sha256(POLICY).hexdigest()
        self.key = self.new_key("owner.pem")
        self.rsa = der_to_pem(self.dir / "seedshare.pem", b"RSA PRIVATE KEY", (RSA / "key.der").read_bytes())

    def new_key(self, name, curve="secp384r1", traditional=True):
        path = self.dir / name
        run("openssl", "ecparam", "-name", curve, "-genkey", "-noout", "-out", path)
        if not traditional:
            text = run("openssl", "pkcs8", "-topk8", "-nocrypt", "-in", path).stdout
            path.write_text(text)
        return path

    def digest(self, key):
        der = subprocess.run(["openssl", "ec", "-in", key, "-pubout", "-outform", "DER"], capture_output=True, check=True).stdout
        return hashlib.sha256(der).hexdigest()

    def manifest(self, name, owners=None, seedshare=True, **changes):
        m = json.loads(self.lab.manifest(**changes).read_text())
        m["Policies"] = {self.host_data: {"SANs": [name, "*"], "WorkloadSecretID": "tests/web"}}
        m["WorkloadOwnerKeyDigests"] = [self.digest(k) for k in ([self.key] if owners is None else owners)]
        m["SeedshareOwnerPubKeys"] = [(RSA / "public.der").read_bytes().hex()] if seedshare else []
        out = self.dir / f"{name}.json"
        out.write_text(json.dumps(m))
        return out


class Empty(Coordinator):
    """A Coordinator without a manifest, and without a seed unless the state has one."""

    def __init__(self, lab, state=None):
        state = state or lab.path("empty-state")
        super().__init__(lab, state=state, more=["--user-listen", "127.0.0.1:0"])
        at = self.args.index("--manifest")
        del self.args[at:at + 2]

    def __enter__(self):
        super().__enter__()
        self.user = "127.0.0.1:" + self.wait_log(r"listening on 127\.0\.0\.1:(\d+) \(user\)").group(1)
        return self

    def kill(self):
        self.process.kill()
        self.process.wait(10)

    def __exit__(self, *exc):
        if self.process.poll() is None:
            super().__exit__(*exc)


def set_manifest(c, owner, manifest, *more, key="owner", check=True):
    args = ["--key", getattr(owner, "key") if key == "owner" else key] if key else []
    r = run(COORDINATOR, "manifest", "set", manifest, "--coordinator", c.user, "--policy", owner.policy, *args, "--no-tee",
            *more, cwd=owner.dir)
    if check:
        assert r.returncode == 0, r.stderr
    return r


def recover(c, owner, shares, key=None, check=True):
    r = run(COORDINATOR, "recover", "--coordinator", c.user, "--seed-share", shares, "--key", key or owner.rsa, "--no-tee")
    if check:
        assert r.returncode == 0, r.stderr
    return r


@pytest.fixture(scope="module")
def owner(lab):  # noqa: F811
    return Owner(lab)


def test_life(lab, owner):  # noqa: F811
    """Set, joins, update by the owner, refusals, restart, recovery, joins with the old secret."""
    out = owner.dir / "out"
    stranger = owner.new_key("stranger.pem", "prime256v1")
    other = owner.new_key("other.pem", "prime256v1", traditional=False)
    with Empty(lab) as c:
        c.wait_log("no manifest yet")
        assert (c.state / "transitions").is_dir() and not (c.state / "seed").exists()
        one = owner.manifest("one")
        r = set_manifest(c, owner, one, "--ca-out", out, key=None)
        assert hashlib.sha256(one.read_bytes()).hexdigest() in r.stdout
        shares = json.loads((out / "seed-shares.json").read_text())
        assert [s["PublicKey"] for s in shares["SeedShares"]] == [(RSA / "public.der").read_bytes().hex()]
        root_pin = root_digest(out / "coordinator-root-ca.pem")
        first = join(lab, c.port, host_data=owner.host_data, pin=root_pin)
        assert first["mesh_ca"] == (out / "mesh-ca.pem").read_bytes() == (c.ca / "mesh-ca.pem").read_bytes()

        two = owner.manifest("two", owners=[owner.key, other])
        for key in [None, stranger]:
            r = set_manifest(c, owner, two, key=key, check=False)
            # without --key the client shows a key of the moment
            assert r.returncode == 1 and "PermissionDenied: the client's key is not a workload owner's" in r.stderr
        set_manifest(c, owner, two, "--ca-out", out)
        assert json.loads((out / "seed-shares.json").read_text()) == shares
        again = join(lab, c.port, host_data=owner.host_data, pin=root_pin)
        assert again["mesh_ca"] == (out / "mesh-ca.pem").read_bytes() != first["mesh_ca"]
        assert again["root_ca"] == first["root_ca"] and again["secret"] == first["secret"]
        leaf, intermediate = split_chain(lab, first["chain"])
        assert openssl_verify(lab, out / "coordinator-root-ca.pem", leaf, intermediate).returncode == 0
        assert openssl_verify(lab, out / "mesh-ca.pem", leaf).returncode != 0  # of the manifest before
        r = set_manifest(c, owner, two, "--previous", "00" * 32, check=False)
        assert r.returncode == 1 and "FailedPrecondition" in r.stderr
        set_manifest(c, owner, owner.manifest("three"), key=other)
        r = recover(c, owner, out / "seed-shares.json", check=False)
        assert r.returncode == 1 and "recovered already" in r.stderr
        c.wait_log(r"called SetManifest key=[0-9a-f]{64} tls=1\.3")
        assert len(list((c.state / "manifests").iterdir())) == 3
        state = c.state
    with Empty(lab, state) as c:
        c.wait_log("waits for its recovery")
        r = set_manifest(c, owner, two, check=False)
        assert r.returncode == 1 and "waits for its recovery" in r.stderr
        wrong = owner.dir / "wrong.pem"
        run("openssl", "genrsa", "-traditional", "-out", wrong, "4096")
        r = recover(c, owner, out / "seed-shares.json", key=wrong, check=False)
        assert r.returncode == 3 and "no share for this key" in r.stderr
        forged = json.loads((out / "seed-shares.json").read_text())
        forged["SeedShares"][0]["PublicKey"] = rsa_public(wrong)
        (owner.dir / "forged.json").write_text(json.dumps(forged))
        r = recover(c, owner, owner.dir / "forged.json", key=wrong, check=False)
        assert r.returncode == 3 and "not encrypted for this key" in r.stderr
        recover(c, owner, out / "seed-shares.json")
        c.wait_log("manifest 3 in force")
        third = join(lab, c.port, host_data=owner.host_data, pin=root_pin)
        assert third["secret"] == first["secret"]
        set_manifest(c, owner, two)


def root_digest(path):
    pem = subprocess.run(["openssl", "x509", "-in", path, "-noout", "-pubkey"], capture_output=True, check=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=pem, capture_output=True, check=True).stdout
    return hashlib.sha256(der).hexdigest()


def rsa_public(key):
    return subprocess.run(["openssl", "rsa", "-in", key, "-RSAPublicKey_out", "-outform", "DER"], capture_output=True,
                          check=True).stdout.hex()


def test_seed_not_of_the_owner(lab, owner):  # noqa: F811
    """Whoever holds the disk makes a history of their own with the genuine manifest, and knows its seed: without the
    key of a seed share owner they cannot have a Coordinator take it up."""
    evil = Owner(lab)
    evil.key = owner.key
    own = evil.dir / "evil.pem"
    run("openssl", "genrsa", "-traditional", "-out", own, "4096")
    out = evil.dir / "out"
    with Empty(lab) as c:
        set_manifest(c, owner, owner.manifest("genuine"), "--ca-out", out, key=None)
        state = c.state
    seed = json.loads((out / "seed-shares.json").read_text())
    # The attacker re-encrypts the seed, which they know, for their own key.
    plain = subprocess.run(["openssl", "pkeyutl", "-decrypt", "-inkey", owner.rsa, "-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt",
                            "rsa_oaep_md:sha256", "-pkeyopt", "rsa_mgf1_md:sha256", "-pkeyopt",
                            "rsa_oaep_label:" + b"seedshare".hex()], input=base64.b64decode(
                                seed["SeedShares"][0]["EncryptedSeed"]), capture_output=True, check=True).stdout
    assert len(plain) == 64
    sealed = subprocess.run(["openssl", "pkeyutl", "-encrypt", "-inkey", own, "-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt",
                             "rsa_oaep_md:sha256", "-pkeyopt", "rsa_mgf1_md:sha256", "-pkeyopt",
                             "rsa_oaep_label:" + b"seedshare".hex()], input=plain, capture_output=True, check=True).stdout
    seed["SeedShares"] = [{"PublicKey": rsa_public(own), "EncryptedSeed": base64.b64encode(sealed).decode()}]
    (evil.dir / "shares.json").write_text(json.dumps(seed))
    with Empty(lab, state) as c:
        r = recover(c, owner, evil.dir / "shares.json", key=own, check=False)
        assert r.returncode == 1 and "not a seed share owner's" in r.stderr
        recover(c, owner, out / "seed-shares.json")


def history(state):
    """Manifests from the first to the latest, as the files tell."""
    latest = (state / "transitions/latest").read_bytes()
    digest, out = latest[:32], []
    while digest != bytes(32):
        t = (state / "transitions" / digest.hex()).read_bytes()
        assert hashlib.sha256(t).digest() == digest and len(t) == 64
        m = (state / "manifests" / t[:32].hex()).read_bytes()
        assert hashlib.sha256(m).digest() == t[:32]
        out.insert(0, m)
        digest = t[32:]
    return out


def test_killed(lab, owner):  # noqa: F811
    """kill -9 in the middle of SetManifest, many times: what was answered is there, and nothing is half there."""
    state = lab.fresh_state()  # with a seed: no recovery needed
    manifests = [owner.manifest(f"m{i}") for i in range(2)]
    answered, count, delay = 0, 0, 0.05
    for round_ in range(16):
        with Empty(lab, state) as c:
            if count:
                c.wait_log(f"manifest {count} in force")
            stop = threading.Timer(delay * (1 + round_ % 6), c.process.kill)
            stop.start()
            for i in range(50):
                r = set_manifest(c, owner, manifests[(count + i) % 2], check=False)
                if r.returncode != 0:
                    break
                answered += 1
            stop.join()
            c.process.wait(10)
        if (state / "transitions/latest").exists():
            found = len(history(state))
            assert answered <= found <= answered + 1, (answered, found)
            answered = count = found
    assert count >= 8  # some rounds get to change something
    with Empty(lab, state) as c:
        c.wait_log(f"manifest {count} in force")
        assert not [p for p in state.rglob(".new")]
        assert sum(1 for p in (state / "transitions").iterdir()) == count + 1


def test_signed_offline(lab, owner):  # noqa: F811
    """The owner's key never meets the network: what it signed is set by somebody else."""
    def keyed(name):
        m = json.loads(owner.manifest(name).read_text())
        der = subprocess.run(["openssl", "ec", "-in", owner.key, "-pubout", "-outform", "DER"], capture_output=True, check=True).stdout
        m["WorkloadOwnerPubKeys"] = [der.hex()]
        del m["WorkloadOwnerKeyDigests"]
        out = owner.dir / f"keyed-{name}.json"
        out.write_text(json.dumps(m))
        return out

    one, two, signature = keyed("one"), keyed("two"), owner.dir / "two.sig"
    with Empty(lab) as c:
        set_manifest(c, owner, one, key=None)
        latest = c.wait_log(r"manifest 1 in force: \w+ transition=([0-9a-f]{64})").group(1)
        assert latest == (c.state / "transitions/latest").read_bytes()[:32].hex()
        r = run(COORDINATOR, "manifest", "sign", two, "--previous", latest, "--key", owner.key, "--out", signature)
        assert (r.returncode, r.stdout) == (0, ""), r.stderr
        # As Contrast's client does it: ECDSA over the SHA-256 of the transition's digest in hex.
        transition = hashlib.sha256(hashlib.sha256(two.read_bytes()).digest() + bytes.fromhex(latest)).hexdigest()
        (owner.dir / "text").write_text(transition)
        public = owner.dir / "public.pem"
        run("openssl", "ec", "-in", owner.key, "-pubout", "-out", public)
        assert "Verified OK" in run("openssl", "dgst", "-sha256", "-verify", public, "-signature", signature, owner.dir / "text").stdout
        r = set_manifest(c, owner, one, "--signature", signature, key=None, check=False)
        assert r.returncode == 1 and "PermissionDenied: Signature: not over this manifest" in r.stderr
        set_manifest(c, owner, two, "--signature", signature, key=None)
        r = set_manifest(c, owner, two, "--signature", signature, key=None, check=False)
        assert r.returncode == 1 and "PermissionDenied" in r.stderr
    for args in [[], ["--previous", "00"], ["--previous", "0" * 64, "--key", owner.key]]:
        assert run(COORDINATOR, "manifest", "sign", two, *args).returncode == 2


def test_one_at_a_time(lab, owner):  # noqa: F811
    with Empty(lab) as c:
        r = run(*c.args[:c.args.index("--listen")], "--listen", "127.0.0.1:0", "--user-listen", "none", "--http-listen", "none",
                "--metrics-listen", "none", "--collateral", "none", "--no-tee")
        assert r.returncode == 1 and "another Coordinator uses this state folder" in r.stderr


def test_manifest_option(lab, owner):  # noqa: F811
    """--manifest begins a history, fits the latest of one, and is an error otherwise."""
    one, two = owner.manifest("one"), owner.manifest("two")
    state = lab.fresh_state()
    base = [COORDINATOR, "run", "--no-tee", "--collateral", "none", "--listen", "127.0.0.1:0", "--user-listen", "none",
            "--http-listen", "none", "--metrics-listen", "none"]
    with Coordinator(lab, manifest=one, state=state, more=["--policy", owner.policy]):
        pass
    assert history(state) == [one.read_bytes()]
    assert [p.name for p in (state / "policies").iterdir()] == [owner.host_data]
    r = run(*base, "--state", state, "--manifest", two)
    assert r.returncode == 3 and "is not the latest manifest of the history" in r.stderr
    with Coordinator(lab, manifest=one, state=state):
        pass
    r = run(*base, "--state", lab.path("no-seed"), "--manifest", one)
    assert r.returncode == 3 and "seed is missing" in r.stderr
    r = run(*base, "--state", lab.fresh_state(), "--policy", owner.policy)
    assert r.returncode == 2 and "--policy belongs to --manifest" in r.stderr
    (state / "seed").write_bytes((lab.state / "seed").read_bytes())
    other = lab.path("other")
    run(COORDINATOR, "init", "--state", other)
    (state / "seed").write_bytes((other / "seed").read_bytes())
    r = run(*base, "--state", state)
    assert r.returncode == 3 and "the history is not of this seed" in r.stderr
    assert history(state) == [one.read_bytes()]


def test_rotation_under_joins(lab, owner):  # noqa: F811
    """Manifests come while guests join: each join ends well, under one of the manifests."""
    meshes = set()
    with Empty(lab) as c:
        set_manifest(c, owner, owner.manifest("m0"), key=None)
        pin = root_digest(c.ca / "coordinator-root-ca.pem")
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            joins = [pool.submit(join, lab, c.port, host_data=owner.host_data, pin=pin, protocol=protocol)
                     for _ in range(8) for protocol in ("nacre/1", "contrast")]
            for i in range(8):
                set_manifest(c, owner, owner.manifest(f"m{i % 3}"))
                time.sleep(0.1)
            for j in joins:
                got = j.result(60)
                meshes.add(got["mesh_ca"])
                leaf, _ = split_chain(lab, got["chain"])
                ca = lab.path("mesh.pem")
                ca.write_bytes(got["mesh_ca"])
                assert openssl_verify(lab, ca, leaf).returncode == 0
    assert len(meshes) > 1


def s_client(address, *args):
    r = subprocess.run(["openssl", "s_client", "-connect", address, *map(str, args)], input=b"", capture_output=True, timeout=30)
    return (r.stdout + r.stderr).decode("latin-1")


def test_tls(lab, owner):  # noqa: F811
    """The user's port takes clients without a certificate, with an EC and with an RSA key, and no nacre/1; guests need
    a certificate."""
    alpn = f"atls:v1:nonce:{'5a' * 32},h2"
    pair = {}
    for name, kind in (("ec", ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"]), ("rsa", ["rsa:2048"])):
        pair[name] = ["-cert", owner.dir / f"{name}.crt", "-key", owner.dir / f"{name}.key"]
        run("openssl", "req", "-x509", "-newkey", *kind, "-nodes", "-subj", f"/CN={name}", "-out", pair[name][1], "-keyout",
            pair[name][3])
    with Empty(lab) as c:
        for version in ("-tls1_3", "-tls1_2"):
            assert "ALPN protocol: h2" in s_client(c.user, "-alpn", alpn, version)
            assert "ALPN protocol: h2" in s_client(c.user, "-alpn", alpn, version, *pair["ec"])
        text = s_client(c.user, "-alpn", alpn, "-tls1_3", *pair["rsa"])
        assert "ALPN protocol: h2" in text and "alert" not in text
        s_client(c.user, "-alpn", "nacre/1")
        c.wait_log(r"failed: .*nacre/1 on the user API's port")
        s_client(f"127.0.0.1:{c.port}", "-alpn", alpn, "-tls1_3")
        c.wait_log(r"failed: tls: .*(certificate|peer)")
        assert "called" not in c.log()


def test_client_refuses(lab, owner):  # noqa: F811
    """The owner's commands: usage, files, and a Coordinator that does not prove itself."""
    one = owner.manifest("one")
    with Empty(lab) as c:
        base = [COORDINATOR, "manifest", "set", one, "--coordinator", c.user]
        for more, code, says in [
            ([], 2, "--collateral"),
            (["--no-tee", "--collateral", "none"], 2, "nothing else"),
            (["--no-tee", "--policy", owner.dir / "absent"], 1, "No such file"),
            (["--no-tee", "--key", owner.policy], 3, "policy"),
            (["--no-tee"], 1, "0 policies are given"),
            (["--no-tee", "--policy", owner.policy, "--previous", "zz"], 2, "--previous: "),
        ]:
            r = run(*base, *more)
            assert r.returncode == code and says in r.stderr, (more, r.stderr)
        m = json.loads(one.read_text())
        m["Policies"][HOST_DATA] = {"SANs": ["coordinator"], "Role": "coordinator"}
        both = owner.dir / "both.json"
        both.write_text(json.dumps(m))
        r = run(COORDINATOR, "manifest", "set", both, "--coordinator", c.user, "--policy", owner.policy, "--collateral", "none")
        assert r.returncode == 1 and "shows no evidence" in r.stderr
        assert "called" not in c.log() and not (c.state / "transitions/latest").exists()
    r = run(COORDINATOR, "manifest", "set", one, "--coordinator", "127.0.0.1:1", "--no-tee", "--policy", owner.policy)
    assert r.returncode == 1 and r.stderr.count("Connection refused") == 1


# --- a Coordinator in a VM, which proves itself to its owner -------------------------------------------------


# Field, offset, bytes of the report; numbers are little endian (docs/formats/snp-evidence.md).
NUMBERS = {1: (0, 4), 2: (4, 4), 3: (8, 8), 6: (0x30, 4), 7: (0x34, 4), 8: (0x38, 8), 9: (0x40, 8), 10: (0x48, 4), 18: (0x180, 8),
           20: (0x1e0, 8), 21: (0x1e8, 1), 22: (0x1e9, 1), 23: (0x1ea, 1), 24: (0x1ec, 1), 25: (0x1ed, 1), 26: (0x1ee, 1),
           27: (0x1f0, 8), 30: (0x1f8, 8), 31: (0x200, 8)}
STRINGS = {4: (0x10, 16), 5: (0x20, 16), 11: (0x50, 64), 12: (0x90, 48), 13: (0xc0, 32), 14: (0xe0, 48), 15: (0x110, 48),
           16: (0x140, 32), 17: (0x160, 32), 19: (0x1a0, 64), 28: (0x2a0, 512)}


def varint(n):
    out = b""
    while n > 0x7f:
        out, n = out + bytes([n & 0x7f | 0x80]), n >> 7
    return out + bytes([n])


def put_bytes(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data


def snp_evidence(report, chain):
    body = b""
    for field in range(1, 32):
        if field in NUMBERS:
            at, size = NUMBERS[field]
            value = int.from_bytes(report[at:at + size], "little")
            body += varint(field << 3) + varint(value) if value else b""
        elif field in STRINGS:
            at, size = STRINGS[field]
            body += put_bytes(field, report[at:at + size])
        else:  # 29: family, model, stepping as CPUID has them
            family, model, stepping = report[0x188:0x18b]
            base = min(family, 15)
            value = stepping & 15 | (model & 15) << 4 | base << 8 | (model >> 4) << 16 | (family - base) << 20
            body += varint(29 << 3) + varint(value) if int.from_bytes(report[:4], "little") >= 3 else b""
    certs = b"".join(put_bytes(i + 1, der) for i, der in enumerate(chain))
    return put_bytes(1, body) + put_bytes(2, certs) + put_bytes(3, varint(1 << 3) + varint(2))


class AttestSocket(threading.Thread):
    """The guest's agent, with softpsp's reports."""

    def __init__(self, lab, host_data):
        super().__init__(daemon=True)
        self.psp = Psp(lab, host_data=host_data)
        self.chain = [subprocess.run(["openssl", "x509", "-in", lab.psp / f"{name}.pem", "-outform", "DER"], capture_output=True,
                                     check=True).stdout for name in ("vcek", "ask", "ark")]
        self.path = lab.path("attest.sock")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.bind(str(self.path))
        self.socket.listen(8)
        self.start()

    def run(self):
        while True:
            s, _ = self.socket.accept()
            with s:
                while request := s.recv(100):
                    assert len(request) == 68 and request[:2] == b"\x01\x02"
                    report, _ = self.psp.report(request[4:])
                    s.send(b"\x01\x00\x02\x01" + bytes(48) + bytes(2) + snp_evidence(report, self.chain))


def test_attested(lab, owner):  # noqa: F811
    """The owner's commands believe a Coordinator whose evidence fits the manifest, and no other."""
    m = json.loads(owner.manifest("web").read_text())
    document = b"the Coordinator's initdata"
    coordinator = hashlib.sha256(document).hexdigest()
    m["Policies"][coordinator] = {"SANs": ["coordinator"], "Role": "coordinator"}
    policies = owner.dir / "policies"
    policies.mkdir()
    (policies / "one").write_bytes(POLICY)
    (policies / "two").write_bytes(document)
    agent = AttestSocket(lab, coordinator)

    def manifest(name, **changes):
        copy = json.loads(json.dumps(m))
        for key, value in changes.items():
            copy["ReferenceValues"]["snp"][0][key] = value
        out = owner.dir / f"{name}.json"
        out.write_text(json.dumps(copy))
        return out

    def attested(c, command, *args):
        return run(COORDINATOR, *command, "--coordinator", c.user, *args, "--collateral", "none", "--test-root", lab.psp / "ark.pem")

    class Attested(Empty):
        def __init__(self, state=None):
            super().__init__(lab, state)
            self.args[self.args.index("--no-tee"):self.args.index("--no-tee") + 1] = ["--evidence-socket", agent.path]

    good, out = manifest("good"), owner.dir / "attested"
    with Attested() as c:
        r = attested(c, ["manifest", "set"], manifest("bad", TrustedMeasurement="11" * 48), "--policy", policies)
        assert r.returncode == 1 and "the Coordinator's evidence: " in r.stderr and "measurement" in r.stderr
        m["Policies"][coordinator].pop("Role")
        m["Policies"][owner.host_data]["Role"] = "coordinator"
        r = attested(c, ["manifest", "set"], manifest("role"), "--policy", policies)
        assert r.returncode == 1 and "has not the role coordinator" in r.stderr
        r = run(COORDINATOR, "manifest", "set", good, "--coordinator", c.user, "--policy", policies, "--collateral", "none")
        assert r.returncode == 1 and "the Coordinator's evidence: " in r.stderr  # AMD's root did not sign it
        assert not (c.state / "transitions/latest").exists()
        r = attested(c, ["manifest", "set"], good, "--policy", policies, "--ca-out", out)
        assert r.returncode == 0 and "manifest in force" in r.stdout, r.stderr
        state = c.state
    with Attested(state) as c:
        r = attested(c, ["recover"], "--seed-share", out / "seed-shares.json", "--key", owner.rsa, "--manifest", owner.dir / "bad.json")
        assert r.returncode == 1 and "measurement" in r.stderr and "called" not in c.log()
        r = attested(c, ["recover"], "--seed-share", out / "seed-shares.json", "--key", owner.rsa, "--manifest", good)
        assert r.returncode == 0, r.stderr
        c.wait_log("manifest 1 in force")
