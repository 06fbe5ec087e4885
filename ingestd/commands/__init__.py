"""The commands: one file, one command, each loaded only when it is called."""
