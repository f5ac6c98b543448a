"""What Ferry's jobs and records at AWS have in common: a place in S3, how a job stands, and what goes wrong on the way."""
