"""Forms: each file builds one view and reads back what came in; pure, so errors are known before the acknowledgement."""
