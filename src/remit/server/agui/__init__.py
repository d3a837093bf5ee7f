"""AG-UI 1.0: a run as the events that a front end draws. It calls control, and speaks for itself."""
