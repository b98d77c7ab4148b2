"""The national codec: examples of every transaction, every tolerance by name, and damage of every kind."""
