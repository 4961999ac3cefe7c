"""How use cases say no: which field cannot work, and what to do instead."""


class Refused(ValueError):
    """Input that cannot work. ``field`` names the form field ("" for none); the text says what to do."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field
        self.text = text
