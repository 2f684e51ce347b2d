"""What a body or a document says when it does not fit its schema."""


class Unfit(Exception):
    """Carries the rule that is broken, with the field before it once that is known; never what the record holds."""
