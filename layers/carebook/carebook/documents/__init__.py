"""Letters and other documents for a contact: templates, drafts, final ones, and their PDFs."""
