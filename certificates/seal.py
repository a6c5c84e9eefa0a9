"""The seal of PDF files: a PAdES signature that allows no change, so that every later one is seen."""

from datetime import datetime, timedelta

_YEARS = timedelta(days=366 * 30)


def new(host: str, at: datetime) -> tuple[str, str]:
    """A new seal: its X.509 certificate and its secret key (ECDSA P-256), both as PEM."""
    from cryptography import x509  # noqa: PLC0415  few requests need it
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415  goes with it
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415  goes with it

    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host[:64])])
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + _YEARS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(secret, hashes.SHA256())
    )
    private = secret.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM).decode(), private.decode()
