"""The presence ledger: what is known of one person, indexed by when it happened. Pure; survives JSON."""
