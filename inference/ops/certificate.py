"""The key that signs our exports: made once by an installation, or brought along from a certificate authority.

C2PA wants an end-entity certificate with a chain, never a self-signed one, so a root is made, signs the one certificate
and is forgotten: its key exists only while this function runs, and nobody can issue a second certificate with it.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from inference.errors import InputRejected

LIFETIME = timedelta(days=3650)
_SHA = {"es256": hashes.SHA256(), "es384": hashes.SHA384(), "ps256": hashes.SHA256()}


@dataclass(frozen=True)
class Identity:
    """Who signs. ``chain_pem`` starts with the certificate of ``key_pem`` and ends with its root."""

    chain_pem: bytes
    key_pem: bytes

    @property
    def algorithm(self) -> str:
        """C2PA's name for what the key signs with: ``es256``, ``es384``, ``ed25519`` or ``ps256``."""
        return _algorithm(_public_key(self.chain_pem))

    @property
    def fingerprint(self) -> str:
        """Hex SHA-256 of the signing certificate."""
        return fingerprint(self.chain_pem)


def make_identity(organisation: str = "VisualForge", *, now: datetime | None = None) -> Identity:
    """A new P-256 key with a certificate for ten years under a root of its own."""
    start = (now or datetime.now(UTC)) - timedelta(hours=1)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = _name("VisualForge root", organisation)
    root = (
        _certificate(root_name, root_name, root_key.public_key(), start)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    leaf = (
        _certificate(_name("VisualForge exports", organisation), root_name, key.public_key(), start)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    return Identity(
        chain_pem=leaf.public_bytes(encoding) + root.public_bytes(encoding),
        key_pem=key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def checked_identity(chain_pem: bytes, key_pem: bytes, *, now: datetime | None = None) -> Identity:
    """A certificate and key that somebody supplied, when they belong together and can sign today.

    Raises:
        InputRejected: ``certificate.unreadable``, ``certificate.no_chain``, ``certificate.key_mismatch``,
            ``certificate.expired``, ``certificate.weak_key``.
    """
    try:
        certificates = x509.load_pem_x509_certificates(chain_pem)
        key = serialization.load_pem_private_key(key_pem, password=None)
    except (ValueError, TypeError) as error:
        raise InputRejected(
            "certificate.unreadable", "the certificate or its key is no PEM file that can be read"
        ) from error
    if len(certificates) < 2:
        raise InputRejected("certificate.no_chain", "append the issuer's certificate; self-signed ones are refused")
    own = certificates[0]
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    encoding = serialization.Encoding.DER
    if own.public_key().public_bytes(encoding, spki) != key.public_key().public_bytes(encoding, spki):
        raise InputRejected("certificate.key_mismatch", "the key does not belong to the first certificate of the chain")
    today = now or datetime.now(UTC)
    if not own.not_valid_before_utc <= today <= own.not_valid_after_utc:
        raise InputRejected("certificate.expired", f"the certificate is valid until {own.not_valid_after_utc:%Y-%m-%d}")
    identity = Identity(chain_pem, key_pem)
    _ = identity.algorithm
    return identity


def signature_of(payload: bytes, identity: Identity) -> str:
    """Base64 signature of ``payload`` with the identity's key and ``identity.algorithm``."""
    key = serialization.load_pem_private_key(identity.key_pem, password=None)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        raw = key.sign(payload, ec.ECDSA(_SHA[identity.algorithm]))
    elif isinstance(key, ed25519.Ed25519PrivateKey):
        raw = key.sign(payload)
    elif isinstance(key, rsa.RSAPrivateKey):
        raw = key.sign(payload, padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH), hashes.SHA256())
    else:
        raise InputRejected("certificate.weak_key", "keys are EC P-256 or P-384, Ed25519 or RSA")
    return base64.b64encode(raw).decode()


def is_signature_of(payload: bytes, signature: str, chain_pem: bytes) -> bool:
    """Whether the first certificate's key made this base64 signature of ``payload``."""
    key = _public_key(chain_pem)
    try:
        raw = base64.b64decode(signature, validate=True)
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(raw, payload, ec.ECDSA(_SHA[_algorithm(key)]))
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(raw, payload)
        elif isinstance(key, rsa.RSAPublicKey):
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
            key.verify(raw, payload, pss, hashes.SHA256())
        else:
            return False
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(chain_pem: bytes) -> str:
    """Hex SHA-256 of the first certificate."""
    return hashlib.sha256(_first(chain_pem).public_bytes(serialization.Encoding.DER)).hexdigest()


def root_of(chain_pem: bytes) -> bytes:
    """The last certificate of a chain: what verifiers trust."""
    return x509.load_pem_x509_certificates(chain_pem)[-1].public_bytes(serialization.Encoding.PEM)


def _first(chain_pem: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificates(chain_pem)[0]
    except (ValueError, IndexError) as error:
        raise InputRejected("certificate.unreadable", "this is no certificate that can be read") from error


def _public_key(chain_pem: bytes) -> object:
    return _first(chain_pem).public_key()


def _algorithm(key: object) -> str:
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in ("secp256r1", "secp384r1"):
        return "es256" if key.curve.name == "secp256r1" else "es384"
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048:
        return "ps256"
    raise InputRejected("certificate.weak_key", "keys are EC P-256 or P-384, Ed25519, or RSA of at least 2048 bits")


def _name(common: str, organisation: str) -> x509.Name:
    names = ((NameOID.COMMON_NAME, common), (NameOID.ORGANIZATION_NAME, organisation[:64] or "VisualForge"))
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in names])


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, start: datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(start).not_valid_after(start + LIFETIME)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
