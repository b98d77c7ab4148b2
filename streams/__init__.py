"""How it flows: from an accepted request through the log and the engine to the outbox and back.

The engine's code is the same under every runner; a batch becomes one SQL transaction that holds state,
findings, decisions, timers, outbox rows and the offset reached.
"""
