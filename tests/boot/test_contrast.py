# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest in a deployment of Contrast, of which a Go program plays the Coordinator (tests/go): docs/join-a-contrast-deployment.md."""
import json
import subprocess
import time

import pytest

from lab import BUILD, TOP, free_port


@pytest.fixture
def deployment(lab, tmp_path):
    """The stand-in with an empty manifest: its process, port, pin, and a function that sets the manifest."""
    manifest, log = tmp_path / "manifest.json", tmp_path / "log"
    manifest.write_text('{"Policies": {}, "ReferenceValues": {"snp": []}}')
    port = free_port()
    with open(log, "w") as out:
        process = subprocess.Popen([str(a) for a in (
            BUILD / "tools/go-peer", "coordinator", "-listen", f"127.0.0.1:{port}", "-test-root", lab.psp / "ark.pem", "-manifest",
            manifest, "-secret", "5e" * 64)], stdout=out)
    while "\n" not in log.read_text():
        assert process.poll() is None
        time.sleep(0.02)
    first = json.loads(log.read_text().splitlines()[0])

    def update(host_data):
        text = (TOP / "docs/examples/manifest.json.in").read_text()
        manifest.write_text(text.replace("@HOST_DATA@", host_data).replace("@LAUNCH_DIGEST@", lab.digest()))

    yield port, first["pin"], update, lambda: [json.loads(line) for line in log.read_text().splitlines()[1:]]
    process.terminate()
    process.wait(10)


def test_joins_once_the_manifest_knows_it(lab, deployment):
    port, pin, update, answers = deployment
    policy = lab.policy(port)
    policy["coordinator"].update(protocol="contrast", root_ca_key_sha256=pin)
    i = lab.initdata(policy)
    lab.boot([i.disk], i.host_data).refused("attest", "denied", "PermissionDenied: no entry of the manifest fits")
    update(i.host_data)
    result = lab.boot([i.disk], i.host_data)
    assert result.halt() == "supervise: exit: 0", result.console
    assert [a["code"] for a in answers()] == ["PermissionDenied", "OK"]
