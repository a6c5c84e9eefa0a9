"""What a holder takes away: the sealed PDF, its QR code, badges, a link for LinkedIn."""
