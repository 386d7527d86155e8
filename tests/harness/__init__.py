"""What tests and benchmarks share: an agency on the emulators, the processes of the functions, assertions."""

import emulators.world  # noqa: F401 - puts ``vitrina`` on the path
