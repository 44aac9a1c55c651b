"""IAM's policy language: reading a document strictly, and deciding by it. No input or output."""
