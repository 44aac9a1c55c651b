"""IAM: users, access keys, roles, and the policies that are written into them."""
