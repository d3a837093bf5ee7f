"""Models that judge the work of other models: how they are asked, how far they are trusted, when they may not."""
