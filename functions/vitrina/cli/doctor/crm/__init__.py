"""Looks at the CRM of the installation, without changing anything unless the operator asks for it."""
