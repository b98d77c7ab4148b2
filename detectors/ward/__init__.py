"""The ward step: what concerns an institution and its wards rather than one person. Pure, as the ledger is."""
