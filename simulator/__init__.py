"""A labelled city: people, wards, honest noise and frauds, told in the messages a hospital would send.

It plays the outside world. The streams never import it: what it makes goes in as a journal.
"""
