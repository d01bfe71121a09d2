"""The reader's table as the session trains on it."""
