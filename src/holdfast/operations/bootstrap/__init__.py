"""Making, checking, exporting and removing what a backend needs: bucket, key, lock table."""
