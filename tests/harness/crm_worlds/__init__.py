"""CRMs with people in them, for the tests of the port ``Crm``."""
