"""Customer messages, each with exactly one department that has something to do.

The gold stays certain because a message holds one request; a sentence about another
department's business always says that the matter is settled.
"""

from __future__ import annotations

import random

from vocabulary import (
    CITIES,
    FIRST_NAMES,
    PRODUCTS,
    Doc,
    difficulty_of,
    distinct_docs,
    integer,
    pick,
    shuffled,
)

DEPARTMENTS = ("Billing", "Shipping", "Technical", "Returns", "Account")

PLAIN = {
    "Billing": (
        "I was charged twice for order {order}.",
        "My invoice for the {product} shows {amount} euros, but the agreed price was lower.",
        "Please send me a corrected invoice for order {order}.",
        "My card was debited {amount} euros and I do not know what for.",
        "The discount code was not taken off the invoice for order {order}.",
        "Can I pay the invoice of {amount} euros in three instalments?",
        "Why does my invoice list a fee of {amount} euros?",
    ),
    "Shipping": (
        "My parcel with the {product} has not arrived for {days} days.",
        "The tracking page for order {order} has not changed since {city}.",
        "When will order {order} be delivered?",
        "The courier left the parcel with the {product} at the wrong house.",
        "Tracking says delivered, but I never received order {order}.",
        "Can you ship order {order} to {city} by express?",
        "The parcel with my {product} is stuck at the depot in {city}.",
    ),
    "Technical": (
        "The {product} shows error code E{days} and will not start.",
        "Since the last update the app crashes whenever I open it.",
        "My {product} does not connect to the wireless network any more.",
        "The {product} switches itself off after {days} minutes.",
        "How do I install the driver for the {product}?",
        "The firmware update of my {product} fails with an error.",
        "The {product} makes a loud noise and then freezes. How do I repair that?",
    ),
    "Returns": (
        "I would like to send the {product} back.",
        "Please send me a return label for order {order}.",
        "I ordered the wrong {product} and want to return it.",
        "Can I exchange the {product} for a smaller one?",
        "How many days do I have to return the {product}?",
        "I want to return order {order} unopened.",
        "The return form for my {product} is missing, how do I send it back?",
    ),
    "Account": (
        "I forgot my password and cannot log in.",
        "Please change the e-mail address of my customer account.",
        "My account is locked after {days} wrong passwords.",
        "I want to delete my customer account and my personal data.",
        "How do I change my user name to {name}{days}?",
        "The login code never reaches my phone, since I have a new number.",
        "Please add {name} as a second user to our account.",
    ),
}
INDIRECT = {
    "Billing": (
        "My bank statement lists you two times on the same day, {amount} euros each.",
        "{amount} euros left my bank for something I cancelled {days} days ago.",
        "You quoted me {amount} euros for the {product}, yet I am asked for more.",
        "Our bookkeeper needs our tax number on the paper for order {order}.",
        "I get reminders over {amount} euros that I settled {days} days ago.",
        "The voucher over {amount} euros was not subtracted from what I owe.",
    ),
    "Shipping": (
        "I have waited at home for {days} days and nobody has rung the bell.",
        "I am moving to {city} on Friday, please bring order {order} there instead.",
        "The driver claims nobody was in, but I was at home all day for order {order}.",
        "My neighbour got my {product} and I only got a card from the driver.",
        "It has been {days} days and order {order} still has not left {city}.",
        "Only one of the two boxes of order {order} has come so far.",
    ),
    "Technical": (
        "The {product} worked for {days} days, now only a red light blinks.",
        "After the update nothing on the screen reacts when I touch it.",
        "I have restarted the {product} {days} times and it still hangs.",
        "The {product} and my laptop no longer see each other, what can I set?",
        "Every time I press save the program closes by itself.",
        "The display of the {product} stays black, what should I check?",
    ),
    "Returns": (
        "The {product} does not suit me, what do I do to hand it back?",
        "I would rather have the {product} in blue, can we swap it?",
        "We bought one {product} too many and it is still sealed, would you take it back?",
        "My husband bought the same {product}, so one of them has to go back to you.",
        "The {product} is a gift that nobody wants, where do I post it to?",
        "It is too big for my desk, so I do not want to keep the {product}.",
    ),
    "Account": (
        "I married and my profile still shows my old surname.",
        "I no longer have the phone that your sign-in codes go to.",
        "{name} left our firm, please remove the access rights.",
        "The site no longer recognises me, and the reset link has expired.",
        "Somebody else seems to sign in under my name, please lock it.",
        "Please forget everything you have stored about me.",
    ),
}
SETTLED = {
    "Billing": (
        "The invoice is already paid and correct.",
        "I have no question about the charge of {amount} euros, that is fine.",
    ),
    "Shipping": (
        "The parcel came on time, thanks to the courier.",
        "Delivery to {city} went well.",
    ),
    "Technical": (
        "The error with the app is solved since the update.",
        "The app runs without any error.",
    ),
    "Returns": (
        "I do not want to return anything.",
        "My last return is finished, thank you for that.",
    ),
    "Account": (
        "Logging in with my password works fine.",
        "My account data are correct, I checked.",
    ),
}
OPENERS = (
    "Hello, I have been a customer for {days} years.",
    "Good morning from {city}.",
    "Dear team, this is {name}.",
    "Hi there, second message about this.",
    "To whom it may concern.",
    "Hello, I am writing from my phone.",
)
CLOSERS = (
    "Thanks, {name}",
    "Please answer soon.",
    "I hope you can help.",
    "Kind regards from {city}.",
    "Please call me back in the afternoon.",
    "What can be done?",
)


def make_docs(rng: random.Random, n: int) -> list[Doc]:
    """``n`` messages; every run of five, and of five as hard ones, covers the departments."""
    turn = shuffled(rng, DEPARTMENTS)
    return distinct_docs(n, lambda index: _doc(rng, turn[index % len(turn)], index), "message")


def _doc(rng: random.Random, department: str, index: int) -> Doc:
    difficulty = difficulty_of(index)
    text = " ".join(_sentences(rng, department, difficulty)).format_map(_slots(rng))
    message = _misspelt(rng, text) if difficulty == 3 else text
    return {"difficulty": difficulty, "message": message, "gold": DEPARTMENTS.index(department)}


def _sentences(rng: random.Random, department: str, difficulty: int) -> list[str]:
    """1: the plain request; 2: and a settled matter; 3: the request is only described."""
    other = pick(rng, [name for name in DEPARTMENTS if name != department])
    settled, closer = pick(rng, SETTLED[other]), pick(rng, CLOSERS)
    if difficulty == 1:
        return [pick(rng, PLAIN[department]), closer]
    if difficulty == 2:
        return [pick(rng, OPENERS), pick(rng, PLAIN[department]), settled]
    return [settled, pick(rng, INDIRECT[department]), closer]


def _slots(rng: random.Random) -> dict[str, str]:
    return {
        "amount": str(integer(rng, 12, 480)),
        "city": pick(rng, CITIES),
        "days": str(integer(rng, 3, 19)),
        "name": pick(rng, FIRST_NAMES),
        "order": f"#{integer(rng, 1000, 9999)}",
        "product": pick(rng, PRODUCTS),
    }


def _misspelt(rng: random.Random, text: str) -> str:
    """Two neighbouring letters swapped inside one long word, as hurried writers do."""
    words = text.split(" ")
    place = pick(rng, [i for i, word in enumerate(words) if len(word) > 5 and word.isalpha()])
    word, cut = words[place], integer(rng, 1, 3)
    words[place] = word[:cut] + word[cut + 1] + word[cut] + word[cut + 2 :]
    return " ".join(words).lower() if rng.random() < 0.5 else " ".join(words)
