"""What Terraform means: names, documents and files of its state. Pure: no I/O, nothing of ours."""
