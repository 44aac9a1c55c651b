"""Who may use a backend: users, access keys, roles and ready policies, through the IAM API."""
