"""A run on disk: one SQLite file, written as training goes on, readable at any moment."""
