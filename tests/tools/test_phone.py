"""`make phone`: a phone that trusts the authority gets the app over HTTPS, and nothing more."""

import contextlib
import http.client
import ipaddress
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import certificates, phone
from tools.services import free_ports, is_open

ROOT = Path(__file__).parents[2]


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[tuple[int, int, subprocess.Popen[str]]]:
    """Run the command on this machine's own address; gives its ports and its process."""
    port, page_port = free_ports(2)
    variables = {"HOST": "127.0.0.1", "PORT": str(port), "PAGE_PORT": str(page_port)}
    command = subprocess.Popen(
        [sys.executable, "-m", "tools.phone"],
        cwd=ROOT,
        env={**os.environ, **variables, "DATA_DIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 30
    while not (is_open(port) and is_open(page_port)):
        assert command.poll() is None, command.communicate()[0]
        assert time.monotonic() < deadline, "it did not begin to serve"
        time.sleep(0.1)
    yield port, page_port, command
    with contextlib.suppress(ProcessLookupError):
        os.killpg(command.pid, signal.SIGKILL)
    command.communicate()


def test_the_app_is_served_to_whoever_trusts_the_authority(
    serving: tuple[int, int, subprocess.Popen[str]], tmp_path: Path
) -> None:
    port, page_port, command = serving

    with urllib.request.urlopen(f"http://127.0.0.1:{page_port}/roundbook-ca.crt") as answer:
        assert answer.headers["Content-Type"] == "application/x-x509-ca-cert"
        der = answer.read()
    trusting = ssl.create_default_context(cadata=der)
    for host in ("127.0.0.1", "localhost"):
        connection = http.client.HTTPSConnection(host, port, context=trusting, timeout=10)
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200
        connection.close()

    doubting = http.client.HTTPSConnection("127.0.0.1", port, timeout=10)
    with pytest.raises(ssl.SSLCertVerificationError):
        doubting.request("GET", "/healthz")
    doubting.close()

    command.send_signal(signal.SIGTERM)
    printed, _ = command.communicate(timeout=30)
    assert command.returncode == 0
    assert not is_open(port), "the app outlived its command"
    assert f"https://127.0.0.1:{port}" in printed
    assert "█" in printed, "no code to scan"
    assert (tmp_path / "phone/ca.key").stat().st_mode & 0o077 == 0


def test_the_page_tells_both_phones_in_both_languages(
    serving: tuple[int, int, subprocess.Popen[str]], tmp_path: Path
) -> None:
    port, page_port, _command = serving
    with urllib.request.urlopen(f"http://127.0.0.1:{page_port}/phone-trust") as answer:
        page = answer.read().decode()

    kept = certificates.authority(tmp_path / "phone")
    assert page.count(kept.fingerprint) == 2
    assert page.count(f'href="https://127.0.0.1:{port}/"') == 2
    assert page.count('href="/roundbook-ca.crt"') == 2
    for words in ("证书信任设置", "安装证书", "Certificate Trust Settings", "CA certificate"):
        assert words in page
    with pytest.raises(urllib.error.HTTPError) as missing:
        urllib.request.urlopen(f"http://127.0.0.1:{page_port}/ca.key")
    missing.value.close()
    assert missing.value.code == 404


def test_the_authority_is_made_once_and_the_server_certificate_follows_the_addresses(
    tmp_path: Path,
) -> None:
    first = certificates.authority(tmp_path)
    assert certificates.authority(tmp_path).der == first.der

    home = [ipaddress.ip_address("192.168.1.20")]
    own = certificates.server(tmp_path, first, [*home])
    assert certificates.server(tmp_path, first, [*home]).der == own.der
    moved = certificates.server(tmp_path, first, [ipaddress.ip_address("10.0.0.7")])
    assert moved.der != own.der

    (tmp_path / "ca.key").unlink()
    other = certificates.authority(tmp_path)
    renewed = certificates.server(tmp_path, other, [ipaddress.ip_address("10.0.0.7")])
    assert renewed.der != moved.der, "a certificate of another authority was kept"


def handshake(issuer: certificates.Kept, own: certificates.Kept, host: str) -> None:
    """Let a phone that trusts the issuer meet the server, in memory."""
    client = ssl.create_default_context(cadata=issuer.der)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(own.certificate_path, own.key_path)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=host),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _turn in range(4):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue


def test_the_authority_can_vouch_for_no_address_of_the_internet(tmp_path: Path) -> None:
    issuer = certificates.authority(tmp_path)
    at_home = certificates.server(tmp_path, issuer, [ipaddress.ip_address("192.168.1.20")])
    handshake(issuer, at_home, "192.168.1.20")
    handshake(issuer, at_home, "localhost")

    abroad = certificates.server(tmp_path, issuer, [ipaddress.ip_address("203.0.113.9")])
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
        handshake(issuer, abroad, "203.0.113.9")


def test_a_home_network_comes_before_a_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = "172.17.0.1 192.168.1.20 203.0.113.9 fd00::5 127.0.0.1 \n"
    answer = subprocess.CompletedProcess([], 0, stdout=listed)
    monkeypatch.setattr(subprocess, "run", lambda *_args, **_options: answer)
    addresses = phone.own_addresses()
    assert [str(one) for one in addresses] == ["192.168.1.20", "172.17.0.1", "fd00::5"]
    assert phone.places(addresses, 8443, 8080).app == "https://192.168.1.20:8443"
    assert phone.places([ipaddress.ip_address("fd00::5")], 1, 2).page == "http://[fd00::5]:2"
