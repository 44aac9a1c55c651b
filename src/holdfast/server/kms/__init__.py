"""KMS: one file per family of operations."""
