"""Shared readings of the ledger: what its facts come to before any detector has an opinion. Pure.

`moments` China dates and intervals · `faces` bands and sessions · `checks` who was asked, who missed ·
`absence` confirmed absences without their excuses · `services` what was done and charged · `days` which
dates were verified. Every reading of a case is computed once (`cache.once`), however many detectors ask.
"""
