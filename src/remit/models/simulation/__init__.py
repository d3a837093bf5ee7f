"""The model that is not there: scripts it plays, behaviour without a script, and trouble on request."""
