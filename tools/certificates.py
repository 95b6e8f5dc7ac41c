"""A certificate authority of one's own for the local network, made once and kept.

The authority may only vouch for addresses of local networks, so that a phone that trusts it is in
no danger elsewhere, even if the key gets lost.
"""

import datetime as dt
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

LOCAL_NETWORKS = (
    "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.168.0.0/16", "::1/128", "fc00::/7", "fe80::/10",
)  # fmt: skip
LOCAL_NAMES = ("localhost", "local")
AUTHORITY_DAYS = 3650
# Apple's phones accept at most 825 days from an authority that its user added.
SERVER_DAYS = 397
RENEW_DAYS = 30


@dataclass(frozen=True)
class Kept:
    """A certificate and its key, with the files that hold them."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    certificate_path: Path
    key_path: Path

    @property
    def der(self) -> bytes:
        """The certificate in the form that phones install."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def fingerprint(self) -> str:
        """The certificate's SHA-256, as phones show it."""
        return self.certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def authority(folder: Path) -> Kept:
    """Return the kept authority; make it at the first call."""
    kept = _read(folder, "ca")
    if kept and not _ends_soon(kept.certificate):
        return kept
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Roundbook {folder_mark(folder)}")])
    constraints = [x509.IPAddress(ipaddress.ip_network(network)) for network in LOCAL_NETWORKS]
    permitted = [*constraints, *(x509.DNSName(name) for name in LOCAL_NAMES)]
    builder = (
        _builder(name, name, key, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
    )
    return _write(folder, "ca", builder.sign(key, hashes.SHA256()), key)


def server(folder: Path, issuer: Kept, addresses: list[Address]) -> Kept:
    """Return the server's certificate for these addresses; renewed when they change or it ends."""
    kept = _read(folder, "server")
    if kept and _still_fits(kept, issuer, addresses):
        return kept
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Roundbook")])
    builder = (
        _builder(name, issuer.certificate.subject, key, SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(_names(addresses)), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()),
            critical=False,
        )
    )
    return _write(folder, "server", builder.sign(issuer.key, hashes.SHA256()), key)


def is_local(address: Address) -> bool:
    """Tell whether the authority may vouch for the address."""
    networks = map(ipaddress.ip_network, LOCAL_NETWORKS)
    return any(address.version == network.version and address in network for network in networks)


def folder_mark(folder: Path) -> str:
    """Return a few letters that tell one installation's authority from another's on a phone."""
    mark = hashes.Hash(hashes.SHA256())
    mark.update(str(folder.absolute()).encode())
    return mark.finalize().hex()[:6]


def _names(addresses: list[Address]) -> list[x509.GeneralName]:
    loopback: list[Address] = [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")]
    every = sorted({*addresses, *loopback}, key=lambda one: (one.version, int(one)))
    return [x509.DNSName("localhost"), *map(x509.IPAddress, every)]


def _still_fits(kept: Kept, issuer: Kept, addresses: list[Address]) -> bool:
    stated = kept.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    by_us = kept.certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    wanted = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
    return (
        not _ends_soon(kept.certificate)
        and list(stated.value) == _names(addresses)
        and by_us.value.key_identifier == wanted.key_identifier
    )


def _ends_soon(certificate: x509.Certificate) -> bool:
    left = certificate.not_valid_after_utc - dt.datetime.now(dt.UTC)
    return left < dt.timedelta(days=RENEW_DAYS)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # A phone's clock may be an hour behind.
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _read(folder: Path, name: str) -> Kept | None:
    certificate_path, key_path = folder / f"{name}.crt", folder / f"{name}.key"
    if not (certificate_path.exists() and key_path.exists()):
        return None
    key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return None
    certificate = x509.load_pem_x509_certificate(certificate_path.read_bytes())
    return Kept(certificate, key, certificate_path, key_path)


def _write(
    folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
) -> Kept:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = Kept(certificate, key, folder / f"{name}.crt", folder / f"{name}.key")
    kept.key_path.unlink(missing_ok=True)
    kept.key_path.touch(mode=0o600)
    kept.key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    kept.certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return kept
