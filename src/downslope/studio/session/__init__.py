"""The state behind the page, and what each command does to it."""
