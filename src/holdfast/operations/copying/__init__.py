"""Copying states with their whole history between keys, buckets and endpoints."""
