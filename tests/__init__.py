"""Tests that read as sentences, against real SQLite, PostgreSQL and HTTP."""
