"""Requests signed beforehand, sent over real sockets as fast as one server can answer them."""
