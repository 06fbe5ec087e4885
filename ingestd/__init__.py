"""ingestd: takes the logs that AWS writes to OpenSearch, Elasticsearch or Amazon Data Firehose."""

__version__ = "0.1.0"
