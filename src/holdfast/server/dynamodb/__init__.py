"""DynamoDB: one file per family of operations."""
