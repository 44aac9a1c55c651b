"""Finding a backend: in a Terraform directory, in the environment, in a URL, in flags."""
