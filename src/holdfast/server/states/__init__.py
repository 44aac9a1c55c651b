"""Holdfast's own service: what the server knows of states beyond what AWS's services can say.

README.md here says how to add an operation.
"""
