# SPDX-License-Identifier: GPL-2.0-or-later
"""The user API with Go as the operator (crypto/tls, grpc): what Contrast's command line would do, over both versions of TLS."""
import base64
import hashlib
import json
import re
import subprocess

import pytest

from test_coordinator import BUILD
from test_go_atls import go_join, lab  # noqa: F401
from test_user_api import POLICY, RSA, Empty, Owner
from test_verify_deployment import COORDINATOR_HOST_DATA, Deployment

GO = BUILD / "tools/go-peer"


@pytest.fixture(scope="module")
def owner(lab):  # noqa: F811
    return Owner(lab)


def call(c, name, **options):
    args = [GO, "user", name, "-address", c.user]
    for key, value in options.items():
        args += [f"-{key.replace('_', '-')}", value]
    r = subprocess.run([str(a) for a in args], capture_output=True, text=True, timeout=60)
    assert r.returncode == 0, r.stderr
    return json.loads(r.stdout)


def code(answer):
    if answer["code"] == "Unavailable":
        raise AssertionError(answer["error"])
    return answer["code"]


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_life_of_a_deployment(lab, owner, version):  # noqa: F811
    """First manifest, seed share, history, update, restart, recovery; Go guests in between."""
    tls = {"tls": version}
    first, second = owner.manifest("first"), owner.manifest("second")
    with Empty(lab) as c:
        assert code(call(c, "GetManifests", **tls)) == "FailedPrecondition"
        assert code(call(c, "Recover", seed="00" * 64, salt="00" * 32, key=owner.rsa, **tls)) == "FailedPrecondition"
        answer = call(c, "SetManifest", manifest=first, policies=owner.policy, key=owner.key, share_key=owner.rsa, **tls)
        assert code(answer) == "OK", answer
        share, = answer["SeedSharesDoc"]["SeedShares"]
        seed, salt = share["Seed"], answer["SeedSharesDoc"]["Salt"]
        assert share["PublicKey"] == (RSA / "public.der").read_bytes().hex() and len(seed) == 128 and len(salt) == 64

        got = call(c, "GetManifests", **tls)
        assert got["Manifests"] == [first.read_bytes().hex()] and got["Policies"] == [POLICY.hex()]
        assert got["RootCA"] == answer["RootCA"] and got["MeshCA"] == answer["MeshCA"]
        transition = hashlib.sha256(hashlib.sha256(first.read_bytes()).digest() + bytes(32)).digest()
        assert got["LatestTransition"]["TransitionHash"] == transition.hex()

        joined, = go_join(lab, c.port, "-tls", version, pin="", host_data=owner.host_data)
        assert joined["error"] == "" and len(joined["secret"]) == 128

        stranger = owner.new_key(f"stranger-{version}.pem", "prime256v1")
        for key in ({"key": stranger}, {"key": owner.rsa}, {}):
            assert code(call(c, "SetManifest", manifest=second, policies=owner.policy, **key, **tls)) == "PermissionDenied"
        answer = call(c, "SetManifest", manifest=second, policies=owner.policy, key=owner.key, **tls)
        assert code(answer) == "OK" and "SeedSharesDoc" not in answer
        assert answer["RootCA"] == got["RootCA"] and answer["MeshCA"] != got["MeshCA"]
        state = c.state
    with Empty(lab, state) as c:
        result, = go_join(lab, c.port, "-tls", version, pin="", host_data=owner.host_data)
        assert result["code"] == "FailedPrecondition"
        for wrong in ({"key": owner.key}, {}):
            assert code(call(c, "Recover", seed=seed, salt=salt, **wrong, **tls)) == "PermissionDenied"
        assert code(call(c, "Recover", seed="00" * 64, salt=salt, key=owner.rsa, **tls)) == "InvalidArgument"
        assert code(call(c, "Recover", seed=seed, salt=salt, key=owner.rsa, **tls)) == "OK"
        got = call(c, "GetManifests", **tls)
        assert got["Manifests"] == [first.read_bytes().hex(), second.read_bytes().hex()]
        again, = go_join(lab, c.port, "-tls", version, pin="", host_data=owner.host_data)
        assert again["error"] == "" and again["secret"] == joined["secret"]


def test_bad_manifests(lab, owner):  # noqa: F811
    with Empty(lab) as c:
        broken = owner.dir / "broken.json"
        broken.write_text(owner.manifest("x").read_text().replace("Policies", "policies", 1))
        answer = call(c, "SetManifest", manifest=broken, policies=owner.policy, key=owner.key)
        assert code(answer) == "InvalidArgument" and "policies" in answer["error"]
        other = owner.dir / "other-policy"
        other.write_bytes(b"another")
        answer = call(c, "SetManifest", manifest=owner.manifest("x"), policies=other, key=owner.key)
        assert code(answer) == "InvalidArgument", answer


@pytest.fixture(scope="module")
def deployment(tmp_path_factory):
    """Our Coordinator in a VM: its certificate holds evidence."""
    d = Deployment(tmp_path_factory.mktemp("deployment"))
    d.user = f"127.0.0.1:{d.user_port}"
    pem = d.root.read_text()
    d.root_der = d.lab.dir / "root.der"
    d.root_der.write_bytes(base64.b64decode(re.search(r"-----\n(.*?)\n-----", pem, re.S).group(1)))
    yield d
    d.stop()
    d.vm.close()


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_attested_coordinator(deployment, version):
    """go-sev-guest finds our Coordinator's evidence good, for the nonce and key of this connection."""
    d = deployment
    right = {"test_root": d.root_der, "measurement": d.lab.digest, "host_data": COORDINATOR_HOST_DATA, "tls": version}
    got = call(d, "GetManifests", **right)
    assert got["code"] == "OK" and got["Manifests"] == [d.manifest.read_bytes().hex()], got
    for change in ({"measurement": "ab" * 48}, {"host_data": "ab" * 32}):
        answer = call(d, "GetManifests", **{**right, **change})
        assert answer["code"] == "Unavailable" and next(iter(change)).upper() in answer["error"], answer
