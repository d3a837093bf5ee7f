"""Gates: whether a change may pass, said before and after it is tried, with evidence that anybody can add up again."""
