"""Jobs about chats."""
