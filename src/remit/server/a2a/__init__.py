"""A2A 1.0: agents of a workspace, served to other platforms. The wire is the SDK's; what is done stands in control."""
