"""Vitrina: the client's window onto an agency's work."""

from vitrina.deferred_imports import defer

#: The release, the same as in pyproject.toml. ``/health`` tells it.
__version__ = "0.1.0"

# Few requests meet challenges of HTTP and keys of service accounts; not all call Google, a tracker or a chat.
defer(
    *("google.oauth2.service_account", "googleapiclient.discovery", "googleapiclient.errors"),
    *("googleapiclient.http", "httplib2.auth", "httpx", "tenacity"),
)
