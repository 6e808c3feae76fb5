"""The orders that the demo merchant's two stores begin with. Data only."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.catalogue import OrderDescription

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
