"""The pure core: decisions about data, without asyncio, sockets, clock, randomness, files, logging or AWS."""
