"""The commands of `ingestd`, one a module, each with a click command named `command`."""
