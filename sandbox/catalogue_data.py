"""The goods and the past orders of the demo merchant. Data only; ``sandbox.catalogue`` makes stores of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict

if TYPE_CHECKING:
    from sandbox.catalogue import OrderDescription


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
            {
                "code": "TEE-MER-SLT-S",
                "barcode": "5390000100547",
                "main": 14,
                "shop": 3,
                "options": {"Colour": "Slate", "Size": "S"},
            },
            {
                "code": "TEE-MER-SLT-M",
                "barcode": "5390000100677",
                "main": 22,
                "shop": 5,
                "options": {"Colour": "Slate", "Size": "M"},
            },
            {
                "code": "TEE-MER-SLT-L",
                "barcode": "5390000100806",
                "main": 17,
                "shop": 4,
                "options": {"Colour": "Slate", "Size": "L"},
            },
            {
                "code": "TEE-MER-MOS-S",
                "barcode": "5390000100936",
                "main": 9,
                "shop": 2,
                "options": {"Colour": "Moss", "Size": "S"},
            },
            {
                "code": "TEE-MER-MOS-M",
                "barcode": "5390000101063",
                "main": 19,
                "shop": 4,
                "options": {"Colour": "Moss", "Size": "M"},
            },
            {
                "code": "TEE-MER-MOS-L",
                "barcode": "5390000101193",
                "main": 8,
                "shop": 2,
                "options": {"Colour": "Moss", "Size": "L"},
            },
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
            {
                "code": "SOC-TRL-S",
                "barcode": "5390000101322",
                "main": 40,
                "shop": 10,
                "options": {"Size": "36-39"},
            },
            {
                "code": "SOC-TRL-M",
                "barcode": "5390000101452",
                "main": 65,
                "shop": 12,
                "options": {"Size": "40-43"},
            },
            {
                "code": "SOC-TRL-L",
                "barcode": "5390000101582",
                "main": 38,
                "shop": 9,
                "options": {"Size": "44-47"},
            },
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
            {
                "code": "JKT-RAIN-BLU-S",
                "barcode": "5390000101711",
                "main": 6,
                "shop": 1,
                "options": {"Colour": "Lake blue", "Size": "S"},
            },
            {
                "code": "JKT-RAIN-BLU-M",
                "barcode": "5390000101841",
                "main": 9,
                "shop": 2,
                "options": {"Colour": "Lake blue", "Size": "M"},
            },
            {
                "code": "JKT-RAIN-BLU-L",
                "barcode": "5390000101971",
                "main": 7,
                "shop": 1,
                "options": {"Colour": "Lake blue", "Size": "L"},
            },
            {
                "code": "JKT-RAIN-RED-S",
                "barcode": "5390000102107",
                "main": 4,
                "shop": 1,
                "options": {"Colour": "Rowan red", "Size": "S"},
            },
            {
                "code": "JKT-RAIN-RED-M",
                "barcode": "5390000102237",
                "main": 8,
                "shop": 2,
                "options": {"Colour": "Rowan red", "Size": "M"},
            },
            {
                "code": "JKT-RAIN-RED-L",
                "barcode": "5390000102367",
                "main": 3,
                "shop": 1,
                "options": {"Colour": "Rowan red", "Size": "L"},
            },
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
            {
                "code": "CAP-WOOL-CHA",
                "barcode": "5390000102497",
                "main": 25,
                "shop": 8,
                "options": {"Colour": "Charcoal"},
            },
            {
                "code": "CAP-WOOL-OAT",
                "barcode": "5390000102626",
                "main": 18,
                "shop": 6,
                "options": {"Colour": "Oat"},
            },
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
            {"code": "TNT-RDG-2", "barcode": "5390000102756", "main": 7, "shop": 1},
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
            {
                "code": "BAG-DWN-REG",
                "barcode": "5390000102886",
                "main": 11,
                "shop": 2,
                "options": {"Length": "Regular"},
            },
            {
                "code": "BAG-DWN-LNG",
                "barcode": "5390000103012",
                "main": 6,
                "shop": 1,
                "options": {"Length": "Long"},
                "price": 259.0,
            },
        ],
    },
    {
        "name": "Insulated sleeping mat",
        "category": "camp",
        "price": 98.0,
        "weight": 0.45,
        "about": "R 3.8, seven centimetres thick.",
        "skus": [
            {"code": "MAT-INS", "barcode": "5390000103142", "main": 19, "shop": 4},
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
            {
                "code": "MUG-ENAM-WHT",
                "barcode": "5390000103272",
                "main": 60,
                "shop": 16,
                "options": {"Colour": "White"},
            },
            {
                "code": "MUG-ENAM-BLU",
                "barcode": "5390000103401",
                "main": 48,
                "shop": 12,
                "options": {"Colour": "Blue"},
            },
            {
                "code": "MUG-ENAM-GRN",
                "barcode": "5390000103531",
                "main": 35,
                "shop": 9,
                "options": {"Colour": "Green"},
            },
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
            {
                "code": "BOT-STL-500",
                "barcode": "5390000103661",
                "main": 44,
                "shop": 11,
                "options": {"Volume": "500 ml"},
            },
            {
                "code": "BOT-STL-750",
                "barcode": "5390000103791",
                "main": 52,
                "shop": 14,
                "options": {"Volume": "750 ml"},
                "price": 36.0,
            },
            {
                "code": "BOT-STL-1000",
                "barcode": "5390000103920",
                "main": 27,
                "shop": 6,
                "options": {"Volume": "1 l"},
                "price": 41.0,
            },
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
            {"code": "STV-GAS-FLD", "barcode": "5390000104057", "main": 16, "shop": 3},
        ],
    },
    {
        "name": "Cast-iron skillet, 26 cm",
        "category": "kitchen",
        "price": 58.0,
        "weight": 2.3,
        "about": "Seasoned and ready for the fire or the hob.",
        "skus": [
            {"code": "PAN-IRN-26", "barcode": "5390000104187", "main": 13, "shop": 4},
        ],
    },
    {
        "name": "Head torch, 400 lm",
        "category": "light",
        "price": 46.0,
        "weight": 0.08,
        "about": "USB-C, red light, rain-proof.",
        "skus": [
            {"code": "LMP-HEAD-400", "barcode": "5390000104316", "main": 33, "shop": 7},
        ],
    },
    {
        "name": "Camp lantern, rechargeable",
        "category": "light",
        "price": 39.0,
        "weight": 0.26,
        "about": "Warm light for forty hours.",
        "skus": [
            {"code": "LMP-CAMP", "barcode": "5390000104446", "main": 21, "shop": 6},
        ],
    },
    {
        "name": "Folding saw",
        "category": "tools",
        "price": 34.0,
        "weight": 0.21,
        "about": "Swedish steel, 21 cm blade.",
        "skus": [
            {"code": "SAW-FLD-21", "barcode": "5390000104576", "main": 15, "shop": 3},
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
            {"code": "KNF-CRV-BIR", "barcode": "5390000104705", "main": 22, "shop": 5},
        ],
    },
    {
        "name": "Trekking poles, pair",
        "category": "camp",
        "price": 79.0,
        "weight": 0.48,
        "about": "Aluminium, three sections, cork grips.",
        "skus": [
            {"code": "POL-TREK", "barcode": "5390000104835", "main": 17, "shop": 4},
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
            {
                "code": "PCK-DAY-BLK",
                "barcode": "5390000104965",
                "main": 12,
                "shop": 3,
                "options": {"Colour": "Black"},
            },
            {
                "code": "PCK-DAY-OLV",
                "barcode": "5390000105092",
                "main": 10,
                "shop": 2,
                "options": {"Colour": "Olive"},
            },
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
            {
                "code": "BLK-WOOL-GRY",
                "barcode": "5390000105221",
                "main": 9,
                "shop": 3,
                "options": {"Pattern": "Grey herringbone"},
            },
            {
                "code": "BLK-WOOL-TAN",
                "barcode": "5390000105351",
                "main": 8,
                "shop": 2,
                "options": {"Pattern": "Tan check"},
            },
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
            {"code": "CND-BEES", "barcode": "5390000105481", "main": 80, "shop": 20},
        ],
    },
    {
        "name": "Firelighters, box of 24",
        "category": "home",
        "price": 6.5,
        "weight": 0.3,
        "about": "Wood wool and wax, no fumes.",
        "skus": [
            {"code": "FIR-LGT-24", "barcode": "5390000105610", "main": 120, "shop": 30},
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
            {
                "code": "SLP-FELT-S",
                "barcode": "5390000105740",
                "main": 7,
                "shop": 2,
                "options": {"Size": "36-39"},
            },
            {
                "code": "SLP-FELT-M",
                "barcode": "5390000105870",
                "main": 9,
                "shop": 3,
                "options": {"Size": "40-43"},
            },
            {
                "code": "SLP-FELT-L",
                "barcode": "5390000106006",
                "main": 5,
                "shop": 1,
                "options": {"Size": "44-47"},
            },
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
            {"code": "CHK-250", "barcode": "5390000106136", "main": 30, "shop": 5},
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
            {"code": "BIV-EMG", "barcode": "5390000106266", "main": 10, "shop": 2},
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
            {"code": "BSK-LOG-WIL", "barcode": "5390000106396", "main": 4, "shop": 2},
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
            {"code": "MAP-WCK", "barcode": "5390000106525", "main": 3, "shop": 1},
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
            {"code": "SRV-GIFTWRAP", "barcode": "5390000106655", "main": 0, "shop": 0},
        ],
    },
]

ORDERS_A: list[OrderDescription] = [
    {
        "buyer": "Aoife Byrne",
        "email": "aoife.byrne@example.com",
        "days_ago": 9.2,
        "payment_status": "paid",
        "fulfilment_status": "delivered",
        "lines": [
            {"sku": "TEE-MER-SLT-M", "quantity": 2},
            {"sku": "SOC-TRL-M", "quantity": 1},
        ],
    },
    {
        "buyer": "Tom Fischer",
        "email": "tom.fischer@example.com",
        "days_ago": 6.5,
        "payment_status": "paid",
        "fulfilment_status": "shipped",
        "lines": [
            {"sku": "TNT-RDG-2", "quantity": 1},
            {"sku": "MAT-INS", "quantity": 2},
        ],
    },
    {
        "buyer": "Marta Kowalska",
        "email": "marta.kowalska@example.com",
        "days_ago": 4.1,
        "payment_status": "refunded",
        "fulfilment_status": "delivered",
        "lines": [
            {"sku": "JKT-RAIN-RED-S", "quantity": 1},
        ],
    },
    {
        "buyer": "Declan Walsh",
        "email": "declan.walsh@example.com",
        "days_ago": 2.3,
        "payment_status": "cancelled",
        "fulfilment_status": "unfulfilled",
        "lines": [
            {"sku": "BOT-STL-750", "quantity": 3},
        ],
    },
    {
        "buyer": "Inés Romero",
        "email": "ines.romero@example.com",
        "days_ago": 1.4,
        "payment_status": "paid",
        "fulfilment_status": "processing",
        "lines": [
            {"sku": "BAG-DWN-REG", "quantity": 1},
            {"sku": "LMP-HEAD-400", "quantity": 1},
        ],
    },
    {
        "buyer": "Sam Okafor",
        "email": "sam.okafor@example.com",
        "days_ago": 0.6,
        "payment_status": "paid",
        "fulfilment_status": "unfulfilled",
        "lines": [
            {"sku": "MUG-ENAM-GRN", "quantity": 4},
            {"sku": "CND-BEES", "quantity": 6, "options": {"Scent": "Cedar"}},
            {"sku": "SRV-GIFTWRAP", "quantity": 1},
        ],
    },
    {
        "buyer": "Niamh Daly",
        "email": "niamh.daly@example.com",
        "days_ago": 0.2,
        "payment_status": "awaiting_payment",
        "fulfilment_status": "unfulfilled",
        "lines": [
            {"sku": "PCK-DAY-BLK", "quantity": 1},
        ],
    },
]

ORDERS_B: list[OrderDescription] = [
    {
        "buyer": "Pieter de Vries",
        "email": "pieter.de.vries@example.com",
        "days_ago": 8.0,
        "payment_status": "paid",
        "fulfilment_status": "delivered",
        "lines": [
            {"sku": "BLK-WOOL-GRY", "quantity": 1},
            {"sku": "CND-BEES", "quantity": 4, "options": {"Scent": "Plain"}},
        ],
    },
    {
        "buyer": "Hannah Lindqvist",
        "email": "hannah.lindqvist@example.com",
        "days_ago": 3.7,
        "payment_status": "partially_refunded",
        "fulfilment_status": "shipped",
        "lines": [
            {"sku": "MUG-ENAM-WHT", "quantity": 6},
        ],
    },
    {
        "buyer": "Róisín Kelly",
        "email": "roisin.kelly@example.com",
        "days_ago": 1.1,
        "payment_status": "paid",
        "fulfilment_status": "unfulfilled",
        "lines": [
            {"sku": "BOT-STL-500", "quantity": 2},
            {"sku": "SLP-FELT-M", "quantity": 1},
        ],
    },
    {
        "buyer": "Luca Bianchi",
        "email": "luca.bianchi@example.com",
        "days_ago": 0.8,
        "payment_status": "paid",
        "fulfilment_status": "processing",
        "lines": [
            {"sku": "TEE-MER-MOS-M", "quantity": 1},
            {"sku": "CAP-WOOL-OAT", "quantity": 1},
        ],
    },
    {
        "buyer": "Grace Murphy",
        "email": "grace.murphy@example.com",
        "days_ago": 0.3,
        "payment_status": "awaiting_payment",
        "fulfilment_status": "unfulfilled",
        "lines": [
            {"sku": "PAN-IRN-26", "quantity": 1},
            {"sku": "FIR-LGT-24", "quantity": 3},
        ],
    },
]
