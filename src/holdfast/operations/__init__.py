"""What operators do with a backend, on AWS or on our server alike: look, recover, repair, migrate."""
