"""The commands on who may use a backend: users, access keys, roles and policies."""
