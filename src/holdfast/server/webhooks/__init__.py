"""Webhooks: what the journal says is sent to who wants to know, beside the requests."""
