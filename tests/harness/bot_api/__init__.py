"""Judges requests and answers by the description of Telegram's Bot API."""
