"""S3: one file per family of operations."""
