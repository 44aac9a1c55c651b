"""How AWS talks: requests and responses as plain values. No I/O, nothing of ours imported."""
