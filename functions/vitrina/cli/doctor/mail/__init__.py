"""Looks at the mail server of the installation; no letter is sent."""
