"""Terraform configurations that the tests write."""

BUCKET = "terraform-state"
TABLE = "terraform-locks"

# lock mode -> arguments of the backend block
LOCK_MODES = {
    "dynamodb": f'dynamodb_table = "{TABLE}"',
    "lockfile": "use_lockfile = true",
    "both": f'dynamodb_table = "{TABLE}"\n    use_lockfile = true',
}

# A resource whose creation lasts until the file `release` exists, or terraform has ended, or 5 minutes.
SLOW = """
resource "terraform_data" "slow" {
  input = "slow"
  provisioner "local-exec" {
    command = <<-END
      touch started
      for i in $(seq 3000); do
        [ ! -e release ] && kill -0 $PPID && sleep 0.1 || break
      done
    END
  }
}
"""


def backend(key: str, *arguments: str, bucket: str = BUCKET) -> str:
    """Return a backend block, as the server prints it, with more arguments."""
    more = "\n    ".join(arguments)
    return f"""
terraform {{
  backend "s3" {{
    bucket     = "{bucket}"
    key        = "{key}"
    region     = "us-east-1"
    encrypt    = true
    kms_key_id = "alias/terraform-state"
    {more}
  }}
}}
"""


def value(text: str, name: str = "it") -> str:
    """Return a resource that holds a text, and an output of it."""
    return f"""
resource "terraform_data" "{name}" {{
  input = "{text}"
}}
output "{name}" {{
  value = terraform_data.{name}.output
}}
"""


def large(resources: int) -> str:
    """Return resources that fill a state with 0.2 MB each."""
    return f"""
resource "terraform_data" "large" {{
  count = {resources}
  input = format("%0100000d", count.index)
}}
"""
