"""One file for each provider of models; the registry names them."""
