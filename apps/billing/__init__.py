"""What was used: one ledger row for every image made."""
