"""The process that owns a board's control port, and keeps it from harm when the miner is gone."""
