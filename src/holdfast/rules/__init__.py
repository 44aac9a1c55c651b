"""What makes it a server of states, not of objects: judged inside the transaction of each write."""
