"""`python -m ingestd` is `ingestd`."""

from ingestd.cli import main

if __name__ == "__main__":
    main(prog_name="ingestd")
