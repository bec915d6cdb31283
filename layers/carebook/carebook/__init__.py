"""Carebook: the contact book of a healthcare practice."""

__version__ = "0.1.0"
