"""What we answer whoever asks about a certificate: a scanned code, a file, what the register says today."""
