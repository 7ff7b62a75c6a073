"""The pages that marketers look at."""
