"""Detectors and the readings beneath them: stories first, laws over all of them in test_laws.py."""
