"""The sinks: one file, one sink: its settings, its limits, its send()."""
