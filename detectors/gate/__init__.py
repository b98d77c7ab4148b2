"""The settlement gate: what a claim comes to, and the life of what was said about it. Pure.

Read `evaluate.py` (one settlement, one view), then `rulings.py` (from view to decisions and holds, event by
event), then `review.py` (what the agency's two reviewers do). `stake.py` and `calendar.py` do the sums,
`answers.py` says it all to a hospital.
"""
