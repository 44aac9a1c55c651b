"""Where bytes live: ordered, durable, encrypted records. Knows neither AWS nor Terraform."""
