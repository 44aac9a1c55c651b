"""The AWS provider for a Terraform project, as it lies in a mirror."""

from pathlib import Path

from real_clients import PROVIDER, Terraform


def use_provider(tf: Terraform, mirror: Path) -> None:
    """Let a project run the AWS provider of a mirror; `init` is needed for a backend only.

    Terraform would read all of its 700 MB again in each command to compare its digest, were it not an
    override (https://developer.hashicorp.com/terraform/cli/config/config-file).
    """
    binary = next((mirror / PROVIDER).glob("*/*/terraform-provider-aws*"))
    tf.write(
        "mirror.rc",
        f"""disable_checkpoint = true
provider_installation {{
  dev_overrides {{
    "hashicorp/aws" = "{binary.parent}"
  }}
  filesystem_mirror {{
    path = "{mirror}"
  }}
}}
""",
    )
    tf.env["TF_CLI_CONFIG_FILE"] = str(tf.path / "mirror.rc")
