"""The Google emulator, over the wire, with Google's own client."""
