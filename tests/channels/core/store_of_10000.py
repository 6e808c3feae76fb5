"""Ten thousand listings of a store beside the SKUs they are sold from, each labelled with the SKU it truly is.

Most are spelled as stores spell: in another case, without dashes, with words around the title, or known by their
barcode alone. A few per cent are what makes matching dangerous: numbers that two systems have counted up to, packs and
used goods under the barcode of one new piece, codes that are equal once the dashes are gone, codes that repeat.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from channels.matching import OurSku, StoreItem

THINGS = (
    "Tee", "Hoodie", "Cap", "Scarf", "Mug", "Teapot", "Lamp", "Candle", "Notebook", "Pen", "Backpack", "Wallet",
    "Belt", "Sock", "Blanket", "Cushion", "Vase", "Bowl", "Plate", "Spoon", "Knife", "Board", "Towel", "Soap",
    "Bottle", "Flask", "Charger", "Cable", "Speaker", "Clock",
)  # fmt: skip
MATERIALS = (
    "Organic cotton", "Recycled wool", "Oak", "Walnut", "Stoneware", "Brushed steel", "Leather", "Linen", "Bamboo",
    "Glass", "Merino", "Copper", "Canvas", "Cork", "Porcelain", "Silk", "Aluminium", "Felt",
)  # fmt: skip
COLOURS = ("black", "white", "navy", "forest green", "sand", "rust", "grey", "mustard", "berry", "sky blue")
SIZES = ("S", "M", "L", "XL")
PRAISE = ("", "", "", " - free shipping", " | North & Sons", " (new)", ", gift idea", " – bestseller")


@dataclass(slots=True)
class Store:
    """``label``: the SKU an item truly is, by its id; None where only a person may say, or none of ours is meant."""

    skus: list[OurSku] = field(default_factory=list)
    items: list[StoreItem] = field(default_factory=list)
    label: dict[int, int | None] = field(default_factory=dict)


def make_store(*, listings: int = 10_000, seed: int = 1) -> Store:
    """Return a store of that many listings; the same for the same seed."""
    return _Maker(random.Random(seed), Store()).make(listings)


@dataclass(slots=True)
class _Maker:
    rng: random.Random
    store: Store

    def make(self, listings: int) -> Store:
        shares: list[tuple[float, Callable[[], None]]] = [
            (0.680, self.same_code),
            (0.140, self.near_code),
            (0.137, self.barcode_only),
            (0.010, self.title_only),
            (0.004, self.counted_up_alike),
            (0.004, self.pack_of_the_same_barcode),
            (0.003, self.used_under_the_same_barcode),
            (0.003, self.digits_across_a_dash),
            (0.003, self.repeated_code),
            (0.003, self.code_of_one_barcode_of_another),
            (0.004, self.a_size_we_lack),
            (0.003, self.number_of_a_shop),
            (0.003, self.barcode_on_two_skus),
            (0.003, self.short_number_padded),
        ]
        for share, make in shares:
            goal = len(self.store.items) + round(share * listings)
            while len(self.store.items) < goal:
                make()
        while len(self.store.items) < listings:
            self.same_code()
        self.rng.shuffle(self.store.items)
        self.rng.shuffle(self.store.skus)
        return self.store

    # What is of ours ------------------------------------------------------------------------------------------------

    def sku(self, *, code: str = "", name: str | None = None, barcode: str | None = None) -> OurSku:
        number = len(self.store.skus) + 1
        thing, material = self.rng.choice(THINGS), self.rng.choice(MATERIALS)
        colour, size = self.rng.choice(COLOURS), self.rng.choice(SIZES)
        code = code or f"{thing[:3].upper()}-{material[:2].upper()}{colour[:2].upper()}-{number:05d}-{size}"
        name = f"{material} {thing.lower()}, {colour}, {size}" if name is None else name
        barcode = ean(40_000_000_000 + number) if barcode is None else barcode
        if self.rng.random() < 0.05:
            name = ""  # kept by its code alone
        sku = OurSku(id=number, code=code, name=name, barcode=barcode if self.rng.random() < 0.8 else "")
        self.store.skus.append(sku)
        return sku

    def keep(self, sku: OurSku) -> OurSku:
        """Replace the SKU that was made last."""
        self.store.skus[-1] = sku
        return sku

    def item(self, *, code: str, title: str, barcode: str, label: int | None) -> None:
        number = len(self.store.items) + 1
        self.store.items.append(StoreItem(id=number, code=code, title=title, barcode=barcode))
        self.store.label[number] = label

    def title(self, sku: OurSku) -> str:
        words = (sku.name or f"Product {sku.code}").split(", ")
        if self.rng.random() < 0.3:
            self.rng.shuffle(words)
        text = self.rng.choice((", ", " ", " / ")).join(words)
        return (text.upper() if self.rng.random() < 0.1 else text) + self.rng.choice(PRAISE)

    def some_barcode(self, sku: OurSku) -> str:
        return sku.barcode if self.rng.random() < 0.5 else ""

    # What links by itself -------------------------------------------------------------------------------------------

    def same_code(self) -> None:
        sku = self.sku()
        self.item(code=sku.code, title=self.title(sku), barcode=self.some_barcode(sku), label=sku.id)

    def near_code(self) -> None:
        sku = self.sku()
        code = sku.code
        respelled = [code.lower(), code.replace("-", " "), code.replace("-", "_"), f"{code.lower()} "]
        # Zeros in front mean nothing only where the title agrees.
        written = f"00{code}" if sku.name and self.rng.random() < 0.2 else self.rng.choice(respelled)
        self.item(code=written, title=self.title(sku), barcode=self.some_barcode(sku), label=sku.id)

    def barcode_only(self) -> None:
        sku = self.sku()
        sku = self.keep(replace(sku, barcode=ean(40_000_000_000 + sku.id)))
        code = self.rng.choice(["", f"web_{self.rng.randrange(10**9)}"])
        written = self.rng.choice([sku.barcode, f"{sku.barcode[:1]} {sku.barcode[1:7]} {sku.barcode[7:]}"])
        self.item(code=code, title=self.title(sku), barcode=written, label=sku.id)

    # What must wait -------------------------------------------------------------------------------------------------

    def title_only(self) -> None:
        sku = self.sku()
        self.item(code="", title=self.title(sku), barcode="", label=sku.id)

    def counted_up_alike(self) -> None:
        """Their 2034 is a lamp, ours is a sock."""
        code = str(1000 + len(self.store.skus) % 9000)
        self.keep(replace(self.sku(code=code), name="Merino sock, navy, M", barcode=""))
        self.item(code=code, title="Brushed steel floor lamp with dimmer", barcode="", label=None)

    def pack_of_the_same_barcode(self) -> None:
        sku = self.sku()
        sku = self.keep(replace(sku, name=sku.name or "Oak board", barcode=ean(40_000_000_000 + sku.id)))
        form = self.rng.choice(["{} - pack of 3", "3x {}", "{}, 6 pcs", "{} 2er Set", "{} x4"])
        self.item(code="", title=form.format(sku.name), barcode=sku.barcode, label=None)

    def used_under_the_same_barcode(self) -> None:
        sku = self.sku()
        sku = self.keep(replace(sku, name=sku.name or "Oak board", barcode=ean(40_000_000_000 + sku.id)))
        word = self.rng.choice(["used", "refurbished", "B-Ware", "gebraucht"])
        self.item(code="", title=f"{sku.name} ({word})", barcode=sku.barcode, label=None)

    def digits_across_a_dash(self) -> None:
        number = len(self.store.skus)
        sku = self.sku(code=f"PRT-{number}-11")
        self.keep(replace(sku, barcode="", name=self.rng.choice(["", "Felt cushion, rust, L"])))
        self.item(code=f"PRT-{number}1-1", title="Copper flask, sand, S", barcode="", label=None)

    def repeated_code(self) -> None:
        sku = self.sku()
        for _ in range(2):
            self.item(code=sku.code, title=self.title(sku), barcode="", label=None)

    def code_of_one_barcode_of_another(self) -> None:
        one = self.sku()
        other = self.sku()
        other = self.keep(replace(other, barcode=ean(40_000_000_000 + other.id)))
        self.item(code=one.code, title=self.title(other), barcode=other.barcode, label=None)

    def a_size_we_lack(self) -> None:
        """New in the store: as a SKU of ours in all but its size."""
        sku = self.sku(name="Linen tee, sand, M", barcode="")
        self.item(
            code=f"{sku.code[:-1]}XXL", title="Linen tee, sand, XXL", barcode=ean(50_000_000_000 + sku.id), label=None
        )

    def number_of_a_shop(self) -> None:
        """A barcode of the range that each shop numbers for itself means another thing at ours."""
        number = ean(20_000_000_000 + len(self.store.skus), prefix="2")
        sku = self.sku(name="Glass bowl, white, M")
        self.keep(replace(sku, barcode=number))
        self.item(code="", title="Glass bowl, white, M", barcode=number, label=None)

    def barcode_on_two_skus(self) -> None:
        number = ean(60_000_000_000 + len(self.store.skus))
        for _ in range(2):
            self.keep(replace(self.sku(), barcode=number))
        self.item(code="", title="Recycled wool blanket", barcode=number, label=None)

    def short_number_padded(self) -> None:
        number = 10_000 + len(self.store.skus)
        self.keep(replace(self.sku(code=str(number)), name="Canvas belt, grey, S", barcode=""))
        self.item(code=f"00{number}", title="Walnut wall clock, silent", barcode="", label=None)


def ean(number: int, *, prefix: str = "4") -> str:
    """Return a barcode of 13 digits with its check digit."""
    body = prefix + f"{number:011d}"[-11:]
    return body + str(-sum(int(d) * (3 if place % 2 else 1) for place, d in enumerate(body)) % 10)
