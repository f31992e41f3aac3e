"""Share cards: the picture that messengers and social networks show beside a link to the portal, 1200 × 630.

`subjects` says what stands on a card and under which address, `lettering` makes words fit for the font,
`drawing` draws, `keeping` holds the files. A card is drawn when it is first asked for.
"""
