"""The carrier inbox: what recipients of a practice's messages would see, and how they answer."""
