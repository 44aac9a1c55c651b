"""Tokens of OpenID Connect issuers, with which a role is assumed without a key."""
