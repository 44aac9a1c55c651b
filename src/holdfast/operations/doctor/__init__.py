"""Read-only checks of a backend, and the repairs of what they find."""
