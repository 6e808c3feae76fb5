"""The goods of the demo merchant. Data only; ``sandbox.catalogue`` makes stores of it."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class StockedSku(TypedDict):
    """One SKU; ``main`` and ``shop`` are units on hand in the two warehouses."""

    code: str
    barcode: str
    main: int
    shop: int
    options: NotRequired[dict[str, str]]
    price: NotRequired[float]


class Goods(TypedDict):
    """One product. ``base``: SKU of the product itself when its variations have their own.

    ``stores``: letters of the stores that list it, both when absent. ``shared_options``: variations that sell
    from the product's one stock.
    """

    name: str
    category: str
    price: float
    weight: float
    about: str
    skus: list[StockedSku]
    base: NotRequired[str]
    name_in_b: NotRequired[str]
    stores: NotRequired[str]
    shared_options: NotRequired[list[dict[str, str]]]
    preorder: NotRequired[bool]
    enabled: NotRequired[bool]
    unlimited: NotRequired[bool]


def _sku(code: str, barcode: str, main: int, shop: int, *, price: float | None = None, **options: str) -> StockedSku:
    found: StockedSku = {"code": code, "barcode": barcode, "main": main, "shop": shop}
    if price is not None:
        found["price"] = price
    if options:
        found["options"] = options
    return found


GOODS: list[Goods] = [
    {
        "name": "Merino base layer tee",
        "category": "clothing",
        "price": 54.0,
        "weight": 0.18,
        "about": "Soft 150 g merino that airs out overnight.",
        "base": "TEE-MER",
        "name_in_b": "Everyday merino T-shirt",
        "skus": [
            _sku("TEE-MER-SLT-S", "5390000100547", 14, 3, Colour="Slate", Size="S"),
            _sku("TEE-MER-SLT-M", "5390000100677", 22, 5, Colour="Slate", Size="M"),
            _sku("TEE-MER-SLT-L", "5390000100806", 17, 4, Colour="Slate", Size="L"),
            _sku("TEE-MER-MOS-S", "5390000100936", 9, 2, Colour="Moss", Size="S"),
            _sku("TEE-MER-MOS-M", "5390000101063", 19, 4, Colour="Moss", Size="M"),
            _sku("TEE-MER-MOS-L", "5390000101193", 8, 2, Colour="Moss", Size="L"),
        ],
    },
    {
        "name": "Trail running sock, 2 pairs",
        "category": "clothing",
        "price": 19.5,
        "weight": 0.09,
        "about": "Seamless toe, arch support, dries in an hour.",
        "base": "SOC-TRL",
        "skus": [
            _sku("SOC-TRL-S", "5390000101322", 40, 10, Size="36-39"),
            _sku("SOC-TRL-M", "5390000101452", 65, 12, Size="40-43"),
            _sku("SOC-TRL-L", "5390000101582", 38, 9, Size="44-47"),
        ],
    },
    {
        "name": "Packable rain shell",
        "category": "clothing",
        "price": 129.0,
        "weight": 0.31,
        "about": "Three layers, taped seams, stuffs into its own pocket.",
        "base": "JKT-RAIN",
        "name_in_b": "Rain shell, packable",
        "skus": [
            _sku("JKT-RAIN-BLU-S", "5390000101711", 6, 1, Colour="Lake blue", Size="S"),
            _sku("JKT-RAIN-BLU-M", "5390000101841", 9, 2, Colour="Lake blue", Size="M"),
            _sku("JKT-RAIN-BLU-L", "5390000101971", 7, 1, Colour="Lake blue", Size="L"),
            _sku("JKT-RAIN-RED-S", "5390000102107", 4, 1, Colour="Rowan red", Size="S"),
            _sku("JKT-RAIN-RED-M", "5390000102237", 8, 2, Colour="Rowan red", Size="M"),
            _sku("JKT-RAIN-RED-L", "5390000102367", 3, 1, Colour="Rowan red", Size="L"),
        ],
    },
    {
        "name": "Wool watch cap",
        "category": "clothing",
        "price": 28.0,
        "weight": 0.08,
        "about": "Knitted in Donegal from undyed wool.",
        "base": "CAP-WOOL",
        "skus": [
            _sku("CAP-WOOL-CHA", "5390000102497", 25, 8, Colour="Charcoal"),
            _sku("CAP-WOOL-OAT", "5390000102626", 18, 6, Colour="Oat"),
        ],
    },
    {
        "name": "Ridge 2 tent",
        "category": "camp",
        "price": 389.0,
        "weight": 1.92,
        "about": "Two people, two doors, up in four minutes.",
        "preorder": True,
        "skus": [
            _sku("TNT-RDG-2", "5390000102756", 7, 1),
        ],
    },
    {
        "name": "Down sleeping bag, 0 °C",
        "category": "camp",
        "price": 245.0,
        "weight": 0.84,
        "about": "650-fill down, full-length zip.",
        "base": "BAG-DWN",
        "skus": [
            _sku("BAG-DWN-REG", "5390000102886", 11, 2, Length="Regular"),
            _sku("BAG-DWN-LNG", "5390000103012", 6, 1, price=259.0, Length="Long"),
        ],
    },
    {
        "name": "Insulated sleeping mat",
        "category": "camp",
        "price": 98.0,
        "weight": 0.45,
        "about": "R 3.8, seven centimetres thick.",
        "skus": [
            _sku("MAT-INS", "5390000103142", 19, 4),
        ],
    },
    {
        "name": "Enamel mug",
        "category": "kitchen",
        "price": 12.5,
        "weight": 0.14,
        "about": "350 ml, safe over a flame.",
        "base": "MUG-ENAM",
        "name_in_b": "Enamel camping mug",
        "skus": [
            _sku("MUG-ENAM-WHT", "5390000103272", 60, 16, Colour="White"),
            _sku("MUG-ENAM-BLU", "5390000103401", 48, 12, Colour="Blue"),
            _sku("MUG-ENAM-GRN", "5390000103531", 35, 9, Colour="Green"),
        ],
    },
    {
        "name": "Steel bottle",
        "category": "kitchen",
        "price": 32.0,
        "weight": 0.37,
        "about": "Double wall: hot for twelve hours, cold for a day.",
        "base": "BOT-STL",
        "skus": [
            _sku("BOT-STL-500", "5390000103661", 44, 11, Volume="500 ml"),
            _sku("BOT-STL-750", "5390000103791", 52, 14, price=36.0, Volume="750 ml"),
            _sku("BOT-STL-1000", "5390000103920", 27, 6, price=41.0, Volume="1 l"),
        ],
    },
    {
        "name": "Gas stove, folding",
        "category": "kitchen",
        "price": 64.0,
        "weight": 0.11,
        "about": "Three burners' worth of heat in a shirt pocket.",
        "name_in_b": "Folding gas stove",
        "skus": [
            _sku("STV-GAS-FLD", "5390000104057", 16, 3),
        ],
    },
    {
        "name": "Cast-iron skillet, 26 cm",
        "category": "kitchen",
        "price": 58.0,
        "weight": 2.3,
        "about": "Seasoned and ready for the fire or the hob.",
        "skus": [
            _sku("PAN-IRN-26", "5390000104187", 13, 4),
        ],
    },
    {
        "name": "Head torch, 400 lm",
        "category": "light",
        "price": 46.0,
        "weight": 0.08,
        "about": "USB-C, red light, rain-proof.",
        "skus": [
            _sku("LMP-HEAD-400", "5390000104316", 33, 7),
        ],
    },
    {
        "name": "Camp lantern, rechargeable",
        "category": "light",
        "price": 39.0,
        "weight": 0.26,
        "about": "Warm light for forty hours.",
        "skus": [
            _sku("LMP-CAMP", "5390000104446", 21, 6),
        ],
    },
    {
        "name": "Folding saw",
        "category": "tools",
        "price": 34.0,
        "weight": 0.21,
        "about": "Swedish steel, 21 cm blade.",
        "skus": [
            _sku("SAW-FLD-21", "5390000104576", 15, 3),
        ],
    },
    {
        "name": "Carving knife, birch",
        "category": "tools",
        "price": 29.0,
        "weight": 0.12,
        "about": "For spoons and tent pegs.",
        "name_in_b": "Birch carving knife",
        "skus": [
            _sku("KNF-CRV-BIR", "5390000104705", 22, 5),
        ],
    },
    {
        "name": "Trekking poles, pair",
        "category": "camp",
        "price": 79.0,
        "weight": 0.48,
        "about": "Aluminium, three sections, cork grips.",
        "skus": [
            _sku("POL-TREK", "5390000104835", 17, 4),
        ],
    },
    {
        "name": "Day pack, 22 l",
        "category": "camp",
        "price": 88.0,
        "weight": 0.72,
        "about": "Laptop sleeve, rain cover, hip belt.",
        "base": "PCK-DAY",
        "skus": [
            _sku("PCK-DAY-BLK", "5390000104965", 12, 3, Colour="Black"),
            _sku("PCK-DAY-OLV", "5390000105092", 10, 2, Colour="Olive"),
        ],
    },
    {
        "name": "Wool blanket",
        "category": "home",
        "price": 115.0,
        "weight": 1.4,
        "about": "Woven in Mayo, 140 × 190 cm.",
        "base": "BLK-WOOL",
        "skus": [
            _sku("BLK-WOOL-GRY", "5390000105221", 9, 3, Pattern="Grey herringbone"),
            _sku("BLK-WOOL-TAN", "5390000105351", 8, 2, Pattern="Tan check"),
        ],
    },
    {
        "name": "Beeswax candle",
        "category": "home",
        "price": 9.5,
        "weight": 0.16,
        "about": "Burns for twenty-five hours. Choose a scent at no extra cost.",
        "shared_options": [{"Scent": "Plain"}, {"Scent": "Cedar"}, {"Scent": "Heather"}],
        "skus": [
            _sku("CND-BEES", "5390000105481", 80, 20),
        ],
    },
    {
        "name": "Firelighters, box of 24",
        "category": "home",
        "price": 6.5,
        "weight": 0.3,
        "about": "Wood wool and wax, no fumes.",
        "skus": [
            _sku("FIR-LGT-24", "5390000105610", 120, 30),
        ],
    },
    {
        "name": "Felt slippers",
        "category": "home",
        "price": 49.0,
        "weight": 0.4,
        "about": "Boiled wool with a leather sole.",
        "base": "SLP-FELT",
        "stores": "b",
        "skus": [
            _sku("SLP-FELT-S", "5390000105740", 7, 2, Size="36-39"),
            _sku("SLP-FELT-M", "5390000105870", 9, 3, Size="40-43"),
            _sku("SLP-FELT-L", "5390000106006", 5, 1, Size="44-47"),
        ],
    },
    {
        "name": "Climbing chalk, 250 g",
        "category": "tools",
        "price": 8.0,
        "weight": 0.26,
        "about": "Loose, fine grain.",
        "stores": "a",
        "skus": [
            _sku("CHK-250", "5390000106136", 30, 5),
        ],
    },
    {
        "name": "Bivvy bag",
        "category": "camp",
        "price": 69.0,
        "weight": 0.29,
        "about": "For the night that was not planned.",
        "stores": "a",
        "skus": [
            _sku("BIV-EMG", "5390000106266", 10, 2),
        ],
    },
    {
        "name": "Log basket, willow",
        "category": "home",
        "price": 74.0,
        "weight": 2.1,
        "about": "Woven by hand; every one a little different.",
        "stores": "b",
        "enabled": True,
        "skus": [
            _sku("BSK-LOG-WIL", "5390000106396", 4, 2),
        ],
    },
    {
        "name": "Paper map, Wicklow",
        "category": "tools",
        "price": 14.0,
        "weight": 0.09,
        "about": "1:30 000, waterproof. Out of print; the last copies.",
        "enabled": False,
        "skus": [
            _sku("MAP-WCK", "5390000106525", 3, 1),
        ],
    },
    {
        "name": "Gift wrapping",
        "category": "service",
        "price": 4.5,
        "weight": 0.0,
        "about": "Recycled paper, a ribbon and a handwritten card.",
        "unlimited": True,
        "skus": [
            _sku("SRV-GIFTWRAP", "5390000106655", 0, 0),
        ],
    },
]
