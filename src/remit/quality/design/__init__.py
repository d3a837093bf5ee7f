"""The design gate: what is wrong with a workspace as it is written, found before anything of it runs."""
