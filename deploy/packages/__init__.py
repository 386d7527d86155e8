"""The locked packages: what their files say, and under which licences they may be used."""
