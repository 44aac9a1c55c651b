"""Terraform projects whose backend is `http`, configured by the environment alone."""

from real_clients import Terraform
from terraform_blocks import BUCKET

HTTP = """
terraform {
  backend "http" {}
}
"""


def over_http(
    tf: Terraform, key: str, *, endpoint: str = "", where: str = "terraform", **more: str
) -> Terraform:
    """Let a project keep its state under a key over HTTP.

    Args:
        tf: the project.
        key: of the state.
        endpoint: of the server; its own if empty.
        where: of which sort the address of the lock is, `terraform` or `lock`.
        more: further settings, such as `lock_method="POST"`.
    """
    base = f"{endpoint or tf.server.endpoint}/-"
    lock = f"{base}/{where}/{BUCKET}/{key}"
    tf.env |= {
        "TF_HTTP_ADDRESS": f"{base}/terraform/{BUCKET}/{key}",
        "TF_HTTP_LOCK_ADDRESS": lock,
        "TF_HTTP_UNLOCK_ADDRESS": lock,
        "TF_HTTP_USERNAME": tf.server.env["AWS_ACCESS_KEY_ID"],
        "TF_HTTP_PASSWORD": tf.server.env["AWS_SECRET_ACCESS_KEY"],
        **{f"TF_HTTP_{name.upper()}": value for name, value in more.items()},
    }
    return tf
