"""What is kept: log, state, findings, decisions, holds, timers and outbox in SQL, with their migrations.

One SQLAlchemy implementation serves SQLite (one writer, one machine) and PostgreSQL. The state of detectors
passes through as opaque bytes.
"""
