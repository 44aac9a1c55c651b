"""What goes by a state's key, as Terraform names it: all that the server has to know of its names.

Source: Terraform's `internal/backend/remote-state/s3/client.go`.
"""

LOCK_FILE_SUFFIX = ".tflock"
DIGEST_SUFFIX = "-md5"
