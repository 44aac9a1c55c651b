"""Terraform's and OpenTofu's `http` backend, over the very objects and locks of the other protocols."""
