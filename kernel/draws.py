"""Draws anyone can repeat, with any tool, in any language, in ten years (docs/decisions/0015).

The seed is fixed when nobody can choose any more what it will be drawn from. Each thing draws a ticket, the SHA-256 of "seed:name" (UTF-8) in
hexadecimal digits; the things stand in the ascending order of their tickets. Pure: a stored draw stands as long as this text does.
"""

import hashlib


def ticket(seed, name):
    """What a name draws under a seed: the SHA-256 of "seed:name", 64 hexadecimal digits."""
    return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()


def order(things, seed, name=str):
    """The things in the order of the draw, each once; it does not hang on the order they came in. `name(thing)` is what it is drawn by, unlike all others."""
    return sorted(things, key=lambda thing: ticket(seed, name(thing)))
