"""What happens to a certificate: issued, revoked, decided, renamed; each act in one place."""
