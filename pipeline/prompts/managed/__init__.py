"""Prompts in Amazon Bedrock's prompt management: Ferry's versions in its form, published, fetched and rolled back.

https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-management.html, read 2026-11.
"""
