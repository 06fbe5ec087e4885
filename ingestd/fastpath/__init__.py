"""The fast path: what a format's table is compiled to. See `parser.py` for the one interface that the pipeline uses."""
