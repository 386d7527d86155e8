"""Vitrina: the client's window onto an agency's work."""

from vitrina.deferred_imports import defer

#: The release, the same as in pyproject.toml. ``/health`` tells it.
__version__ = "0.1.0"

# Challenges of HTTP, keys of service accounts and regions of credentials: few requests meet them. Not every
# request calls a tracker, a CRM or a chat.
defer(
    "google.auth._regional_access_boundary_utils", "google.oauth2.service_account", "httplib2.auth", "httpx"
)
