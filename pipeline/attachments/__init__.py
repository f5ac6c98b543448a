"""Images and PDFs of samples: read from a cell's value, recognised by content, kept once, counted in tokens, held to limits."""
