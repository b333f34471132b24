"""Invoice texts with the five fields that a bookkeeping system needs from them.

The gold stays certain because dates are written with the month's name or in an unmistakable
order, and the wanted total is always the amount that the text says is to be paid.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass

from vocabulary import (
    COMPANIES,
    GERMAN_COMPANIES,
    Doc,
    difficulty_of,
    distinct_docs,
    integer,
    pick,
)

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£"}
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August")
MONATE = ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August")

PLAIN = (
    "Invoice {number}\n{vendor}\nDate: {iso}\nTotal: {total} {code}",
    "{vendor}\nInvoice no. {number}\nInvoice date {iso}\nAmount due: {code} {total}",
    "INVOICE {number} of {iso}\nfrom {vendor}\nTo pay: {total} {code}",
    "Vendor: {vendor}\nDate of issue: {iso}\nNumber: {number}\nTotal amount: {total} {code}",
)
BUSY = (
    "{vendor}\nOrder {order}, invoice {number}\nIssued {words}\n"
    "Net {net}, tax {tax}\nTotal to pay {symbol}{total}",
    "Invoice {number} | {words} | {vendor}\nSubtotal {symbol}{net}\nVAT {symbol}{tax}\n"
    "Amount due {symbol}{total}",
    "Thank you for buying from {vendor}!\nInvoice: {number} (order {order})\nDate: {words}\n"
    "{symbol}{net} + {symbol}{tax} tax = {symbol}{total} payable",
    "Bill to: {customer}\nFrom: {vendor}\nRef. {number}, dated {words}\n"
    "Net {net} {code}, payable {total} {code}",
)
GERMAN = (
    "{vendor}\nRechnung Nr. {number} vom {dotted}\nKunde: {customer}\n"
    "Netto {netto} €, MwSt. {steuer} €\nZu zahlen: {gesamt} €",
    "Rechnungsnummer: {number}\nLieferant: {vendor}\nRechnungsdatum: {dotted}\n"
    "Bestellung {order}\nZwischensumme {netto}\nGesamtbetrag {gesamt} EUR",
    "{vendor} - Rechnung {number}\nDatum: {worte}\nKundennummer {order}\n"
    "{netto} € zzgl. {steuer} € MwSt.\nRechnungsbetrag: {gesamt} €",
    "Empfänger: {customer}\nAbsender: {vendor}\nBeleg {number}, {worte}\n"
    "Nettobetrag {netto} Euro\nEndbetrag {gesamt} Euro",
)


@dataclass(frozen=True, slots=True)
class Invoice:
    """The facts behind one text; amounts are in cents, so that sums are exact."""

    number: str
    order: str
    vendor: str
    customer: str
    day: int
    month: int
    year: int
    net: int
    tax: int
    currency: str

    @property
    def total(self) -> int:
        """What is to be paid, in cents."""
        return self.net + self.tax

    @property
    def iso(self) -> str:
        """The date as the gold wants it."""
        return f"{self.year}-{self.month:02d}-{self.day:02d}"


def make_docs(rng: random.Random, n: int) -> list[Doc]:
    """``n`` invoices, plain, busy and German in turn."""
    return distinct_docs(n, lambda index: _doc(rng, difficulty_of(index)), "invoice")


def _doc(rng: random.Random, difficulty: int) -> Doc:
    """1: labelled ISO fields; 2: named months and subtotals; 3: the same in German formats."""
    invoice = _invoice(rng, german=difficulty == 3)
    layout = pick(rng, (PLAIN, BUSY, GERMAN)[difficulty - 1])
    text = layout.format_map(_english_slots(invoice) | _german_slots(invoice))
    return {"difficulty": difficulty, "invoice": text, "target": _target(invoice)}


def _invoice(rng: random.Random, german: bool) -> Invoice:
    net = integer(rng, 2_000, 480_000)
    vendors, customers = (GERMAN_COMPANIES, COMPANIES) if german else (COMPANIES, GERMAN_COMPANIES)
    return Invoice(
        number=_number(rng),
        order=f"B{integer(rng, 1000, 9999)}",
        vendor=pick(rng, vendors),
        customer=pick(rng, customers),
        day=integer(rng, 1, 28),
        month=integer(rng, 1, len(MONTHS)),
        year=integer(rng, 2023, 2026),
        net=net,
        tax=net * 19 // 100,
        currency="EUR" if german else pick(rng, tuple(SYMBOLS)),
    )


def _number(rng: random.Random) -> str:
    serial = integer(rng, 1000, 9999)
    return pick(rng, (f"INV-{serial}", f"R{serial}", f"{serial}/A", f"AX-{serial}"))


def _english_slots(invoice: Invoice) -> dict[str, str]:
    return {
        "number": invoice.number,
        "order": invoice.order,
        "vendor": invoice.vendor,
        "customer": invoice.customer,
        "iso": invoice.iso,
        "words": f"{invoice.day} {MONTHS[invoice.month - 1]} {invoice.year}",
        "net": _amount(invoice.net),
        "tax": _amount(invoice.tax),
        "total": _amount(invoice.total),
        "code": invoice.currency,
        "symbol": SYMBOLS[invoice.currency],
    }


def _german_slots(invoice: Invoice) -> dict[str, str]:
    return {
        "dotted": f"{invoice.day:02d}.{invoice.month:02d}.{invoice.year}",
        "worte": f"{invoice.day}. {MONATE[invoice.month - 1]} {invoice.year}",
        "netto": _betrag(invoice.net),
        "steuer": _betrag(invoice.tax),
        "gesamt": _betrag(invoice.total),
    }


def _amount(cents: int) -> str:
    """1234.50 as English texts write it: ``1,234.50``."""
    return f"{cents // 100:,}.{cents % 100:02d}"


def _betrag(cents: int) -> str:
    """1234.50 as German texts write it: ``1.234,50``."""
    return _amount(cents).translate(str.maketrans(",.", ".,"))


def _target(invoice: Invoice) -> str:
    """The gold as the JSON line that few-shot examples show."""
    fields = {
        "invoice_number": invoice.number,
        "date": invoice.iso,
        "vendor": invoice.vendor,
        "total": invoice.total / 100,
        "currency": invoice.currency,
    }
    return json.dumps(fields, ensure_ascii=False)
