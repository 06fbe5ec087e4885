"""What this machine carries, measured on it: each stage alone, and the whole chain against endpoints on loopback."""
