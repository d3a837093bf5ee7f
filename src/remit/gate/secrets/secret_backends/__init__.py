"""The back ends of secrets: environment, files, Vault KV, AWS Secrets Manager, Azure Key Vault."""
