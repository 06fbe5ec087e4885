"""The whole job on this machine: an embedded AWS, log objects put into it, the real service, and its books checked."""
