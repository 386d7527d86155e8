"""A local emulator of Google Sheets v4, Drive v3 and the certificates of Google's ID tokens."""
