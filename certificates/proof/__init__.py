"""What proves a certificate: keys, signed credentials, lists of revocations."""
