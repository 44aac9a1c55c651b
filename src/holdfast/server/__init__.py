"""The state server: speaks AWS to clients and records to the engine."""
