"""A local stand-in for Google Sheets v4, Drive v3 and the certificates of Google's ID tokens."""
