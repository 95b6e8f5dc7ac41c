"""Serves the same app over HTTPS on the local network, for real phones.

A phone gives its camera and its offline store to a secure origin only. So this makes a
certificate authority once (kept in DATA_DIR/phone), serves the app with its certificate on
PORT (8443), and on PAGE_PORT (8080) a page that says how a phone comes to trust it.
"""

import http.server
import ipaddress
import os
import signal
import socket
import string
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import qrcode

from tools import certificates
from tools.certificates import Address, Kept
from tools.services import end_with_parent

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "tools/phone_trust.html"
CERTIFICATE_NAME = "roundbook-ca.crt"


@dataclass(frozen=True)
class Places:
    """Where the app and the page about trust are reached from a phone."""

    app: str
    page: str


def own_addresses() -> list[Address]:
    """Return this machine's addresses on its local networks, the most likely one first."""
    try:
        listed = subprocess.run(
            ["hostname", "-I"], capture_output=True, text=True, check=True
        ).stdout.split()
    except (OSError, subprocess.CalledProcessError):
        found = socket.getaddrinfo(socket.gethostname(), None)
        listed = [str(item[4][0]) for item in found]
    addresses = [ipaddress.ip_address(text.split("%")[0]) for text in listed]
    usable = [one for one in addresses if certificates.is_local(one) and not one.is_loopback]
    # A home's own network rather than a container's, and what people can type rather than IPv6.
    return sorted(
        dict.fromkeys(usable), key=lambda one: (one.version, not str(one).startswith("192.168."))
    )


def places(addresses: list[Address], port: int, page_port: int) -> Places:
    """Return the two addresses that a phone on the same network can open."""
    first = addresses[0] if addresses else ipaddress.ip_address("127.0.0.1")
    host = f"[{first}]" if first.version == 6 else str(first)
    return Places(f"https://{host}:{port}", f"http://{host}:{page_port}")


def trust_page(where: Places, issuer: Kept) -> bytes:
    """Return the page that tells in both languages how a phone comes to trust the authority."""
    subject = issuer.certificate.subject.rfc4514_string().removeprefix("CN=")
    return (
        string.Template(PAGE.read_text(encoding="utf-8"))
        .substitute(
            app=where.app, file=CERTIFICATE_NAME, fingerprint=issuer.fingerprint, name=subject
        )
        .encode()
    )


def page_server(host: str, port: int, page: bytes, der: bytes) -> http.server.ThreadingHTTPServer:
    """Return a server of two things: the page about trust, and the authority's certificate."""
    offered = {
        "/": ("text/html; charset=utf-8", page),
        "/phone-trust": ("text/html; charset=utf-8", page),
        f"/{CERTIFICATE_NAME}": ("application/x-x509-ca-cert", der),
    }

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = offered.get(self.path.split("?")[0], ("", b""))
            self.send_response(200 if kind else 404)
            self.send_header("Content-Type", kind or "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the terminal for the address."""

    return http.server.ThreadingHTTPServer((host, port), Handler)


def print_places(where: Places, issuer: Kept) -> None:
    """Print both addresses as codes that a phone's camera reads."""
    for title, address in (
        ("1. Once on each phone: trust this server · 每部手机首次：信任此服务器", where.page),
        ("2. Then open Roundbook · 然后打开应用", where.app),
    ):
        code = qrcode.QRCode(border=2, error_correction=qrcode.ERROR_CORRECT_L)
        code.add_data(address)
        print(f"\n{title}\n   {address}")
        code.print_ascii(invert=True)
    print(f"Authority's SHA-256 · 证书指纹:\n{issuer.fingerprint}\n", flush=True)


def start_app(host: str, port: int, where: Places, own: Kept) -> subprocess.Popen[bytes]:
    """Start the app over HTTPS."""
    environment = {
        **os.environ,
        "HOST": host,
        "PORT": str(port),
        "BASE_URL": where.app,
        "TLS_CERTIFICATE": str(own.certificate_path),
        "TLS_KEY": str(own.key_path),
    }
    command = [sys.executable, "-m", "gunicorn"]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        preexec_fn=end_with_parent,  # noqa: PLW1509 - no threads yet.
    )


def end(number: int, _frame: object) -> None:
    """Turn a polite end into the way out that Ctrl-C takes."""
    raise KeyboardInterrupt(number)


def main() -> int:
    """Serve until Ctrl-C."""
    host = os.environ.get("HOST") or "0.0.0.0"  # noqa: S104 - phones come from outside.
    port = int(os.environ.get("PORT") or 8443)
    page_port = int(os.environ.get("PAGE_PORT") or 8080)
    folder = Path(os.environ.get("DATA_DIR") or "var").absolute() / "phone"
    addresses = [] if host == "127.0.0.1" else own_addresses()
    issuer = certificates.authority(folder)
    own = certificates.server(folder, issuer, addresses)
    where = places(addresses, port, page_port)
    signal.signal(signal.SIGTERM, end)
    with page_server(host, page_port, trust_page(where, issuer), issuer.der) as pages:
        print_places(where, issuer)
        app = start_app(host, port, where, own)
        threading.Thread(target=pages.serve_forever, daemon=True).start()
        try:
            return app.wait()
        except KeyboardInterrupt:
            app.terminate()
            return app.wait()
        finally:
            pages.shutdown()


if __name__ == "__main__":
    sys.exit(main())
