"""The design gate of a workspace: gathering what a review looks at, and telling what it found."""
