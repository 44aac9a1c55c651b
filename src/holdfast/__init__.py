"""Holdfast keeps Terraform and OpenTofu state: stored, locked, versioned, encrypted, recoverable."""

__version__ = "0.1.0"
