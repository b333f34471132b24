"""Dated facts: what GPUs cost and draw, what electricity costs, and what is assumed where a scenario says nothing.

Every row has low, mode and high, a unit, a source and a date. The shipped rows are in `hardware.csv`, `electricity.csv`
and `defaults.csv`; a user's CSV has the same columns and wins. A fact nobody has published is no row: the catalogue
guesses nothing, and what it assumes it calls an assumption.

`checked` is the day on which a source was last opened and said all numbers of the row. Where it is empty and the source
is a publication, the row is to be checked: the numbers are those of whoever wrote it down, and may have moved since.
`gpu_hour_on_demand` is of GPU clouds; the rent of the same GPU at a hyperscaler is `gpu_hour_hyperscaler`, up to four
times as much. A GPU that is sold as a card has a `card_price`, which is no `server_price`.

By design there are no rows for staff and for the cost of adoption. No neutral source knows what they are in a company,
and any number here would tilt the comparison to one side: whoever decides must give them.

`load_power_w` is the power of machines alone. Cooling and losses of the site come on top through `pue`; published
"all-in" powers that hold them already would count them twice, and are not used.
"""

from evalkit.catalog.read import load_catalog
from evalkit.catalog.rows import COLUMNS, GROUPS, OLD_AFTER_DAYS, WHATS, Catalog, Row, What, to_csv
from evalkit.catalog.words import note_of, source_of

__all__ = [
    "COLUMNS",
    "GROUPS",
    "OLD_AFTER_DAYS",
    "WHATS",
    "Catalog",
    "Row",
    "What",
    "load_catalog",
    "note_of",
    "source_of",
    "to_csv",
]
