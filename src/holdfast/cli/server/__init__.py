"""Commands that run or look after a server and its data directory."""
