"""Who calls: access keys, users, roles and their sessions."""
