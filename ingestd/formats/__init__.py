"""The log formats: one file, one format, one table."""
