"""Proofs that need nobody's server, by open standards. Everything here is pure: no database, no network, no clock."""
