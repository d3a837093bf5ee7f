"""Signatures that some providers want: pure functions, held to the test vectors that their authors publish."""
