# SPDX-License-Identifier: GPL-2.0-or-later
"""nacre/1 with OpenSSL as the client: a fresh key for each connection, no ticket, no resumption, one dialect, its first messages."""
import re
import struct
import subprocess

import pytest

from test_atls import ALPN, certificate, coordinator, s_client  # noqa: F401 (coordinator is a fixture)

NACRE = ["-tls1_3", "-alpn", "nacre/1"]
HELLO = struct.pack(">IB", 32, 1) + bytes(range(32))


def pem(out):
    return re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", out, re.S).group(0)


def test_a_new_key_for_each_connection(coordinator, tmp_path):  # noqa: F811
    outs = [s_client(coordinator, tmp_path, *NACRE) for _ in range(2)]
    keys = set()
    for out in outs:
        assert "ALPN protocol: nacre/1" in out and "TLSv1.3" in out
        keys.add(subprocess.run(["openssl", "x509", "-noout", "-pubkey"], input=pem(out), text=True, check=True,
                                capture_output=True).stdout)
        assert "1.3.9901" not in out
    assert len(keys) == 2


@pytest.mark.parametrize("alpn", [NACRE, ["-tls1_3", *ALPN], ["-tls1_2", *ALPN]], ids=["nacre", "contrast", "contrast-1.2"])
def test_no_ticket_and_no_resumption(coordinator, tmp_path, alpn):  # noqa: F811
    out = s_client(coordinator, tmp_path, *alpn, "-reconnect", "-sess_out", tmp_path / "session")
    assert "Reused," not in out and "TLS session ticket:" not in out
    assert "Early data was accepted" not in out and not re.search(r"Max Early Data: [1-9]", out)
    saved = tmp_path / "session"
    if saved.exists():
        again = s_client(coordinator, tmp_path, *alpn, "-sess_in", saved)
        assert "New, TLS" in again and "Reused," not in again


@pytest.mark.parametrize("args", [
    ["-tls1_3", "-alpn", "nacre/1,h2"],
    ["-tls1_3", "-alpn", "nacre/2"],
    ["-tls1_3", "-alpn", "nacre/1," + ALPN[1]],
    ["-tls1_3", "-alpn", ALPN[1] + ",nacre/1"],
], ids=["with-h2", "other-version", "before-contrast", "after-contrast"])
def test_one_dialect(coordinator, tmp_path, args):  # noqa: F811
    assert "no peer certificate available" in s_client(coordinator, tmp_path, *args)


def talk(port, folder, data, size, *args):
    """Send data over s_client; up to size bytes of what comes back before the connection ends."""
    crt, key = certificate(folder, "client", "/CN=client")
    client = subprocess.Popen(["openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{port}", "-cert", crt, "-key", key, *args],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        client.stdin.write(data)
        client.stdin.flush()
        return client.stdout.read(size)
    finally:
        client.kill()
        client.wait()


def test_hello_is_answered(coordinator, tmp_path):  # noqa: F811
    answers = [talk(coordinator, tmp_path, HELLO, 38, *NACRE) for _ in range(2)]
    for answer in answers:
        assert answer[:5] == struct.pack(">IB", 33, 2) and answer[37:] == b"\x00"  # no TEE, and it says so
    assert answers[0] != answers[1]  # a new nonce


@pytest.mark.parametrize("data, args", [
    (struct.pack(">IBB", 1, 5, 1), NACRE),                       # a request before any evidence
    (HELLO + b"\x00", NACRE),                                    # ahead of its turn
    (struct.pack(">IB", 1 << 20, 1), NACRE),                     # more than any message has
    (HELLO, ["-tls1_2", "-alpn", "nacre/1"]),                    # another version of TLS
], ids=["request-first", "ahead", "huge", "tls-1.2"])
def test_nothing_comes_back(coordinator, tmp_path, data, args):  # noqa: F811
    assert talk(coordinator, tmp_path, data, 1, *args) == b""
