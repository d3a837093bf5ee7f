"""Why a run came out as it did, told from its events alone."""
