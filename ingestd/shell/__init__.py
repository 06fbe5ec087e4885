"""Everything that waits: clients, queue, objects, leases, workers, HTTP, life cycle, telemetry."""
