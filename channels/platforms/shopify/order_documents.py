"""The GraphQL documents about orders, valid for 2026-10 and 2026-07; a test validates each against both schemas."""

from __future__ import annotations

from channels.platforms.shopify.document import Document

# Nothing of the buyer is asked for: no name, no address, no e-mail, no note.
_LINE_FIELDS = """id
      sku
      name
      quantity
      currentQuantity
      unfulfilledQuantity
      variant { id inventoryItem { id } }"""
_REFUND_LINE_FIELDS = "id quantity restocked restockType location { id } lineItem { id }"
_SHARE_LINE_FIELDS = "id totalQuantity remainingQuantity lineItem { id }"
_SHIPMENT_LINE_FIELDS = "id quantity lineItem { id }"
ORDER_FIELDS = f"""fragment OrderFields on Order {{
  id
  name
  test
  confirmed
  createdAt
  updatedAt
  cancelledAt
  closedAt
  displayFinancialStatus
  displayFulfillmentStatus
  lineItems(first: 20) {{
    nodes {{
      {_LINE_FIELDS}
    }}
    pageInfo {{ hasNextPage endCursor }}
  }}
  refunds(first: 50) {{
    id
    refundLineItems(first: 20) {{
      nodes {{ {_REFUND_LINE_FIELDS} }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }}
  fulfillments(first: 50) {{
    id
    status
    location {{ id }}
    fulfillmentLineItems(first: 20) {{
      nodes {{ {_SHIPMENT_LINE_FIELDS} }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }}
  fulfillmentOrders(first: 10) {{
    nodes {{
      id
      status
      assignedLocation {{ location {{ id }} }}
      lineItems(first: 20) {{
        nodes {{ {_SHARE_LINE_FIELDS} }}
        pageInfo {{ hasNextPage endCursor }}
      }}
    }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}
"""
ORDERS = Document(
    name="Orders",
    cost=300,
    text="""query Orders($first: Int!, $after: String, $query: String!) {
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    nodes { ...OrderFields }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + ORDER_FIELDS,
)
ORDERS_BY_ID = Document(
    name="OrdersById",
    cost=300,
    text="query OrdersById($ids: [ID!]!) {\n  nodes(ids: $ids) { __typename ...OrderFields }\n}\n" + ORDER_FIELDS,
)
ORDERS_OF_SHARES = Document(
    name="OrdersOfShares",
    cost=20,
    text="""query OrdersOfShares($ids: [ID!]!) {
  nodes(ids: $ids) { ... on FulfillmentOrder { id orderId } }
}
""",
)
# The rest of a list that is longer than its first page, by the thing that holds it.
MORE_LINES = Document(
    name="MoreLines",
    cost=60,
    text=f"""query MoreLines($id: ID!, $after: String) {{
  order(id: $id) {{
    lineItems(first: 100, after: $after) {{
      nodes {{
      {_LINE_FIELDS}
      }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}
""",
)
MORE_SHARES = Document(
    name="MoreShares",
    cost=150,
    text=f"""query MoreShares($id: ID!, $after: String) {{
  order(id: $id) {{
    fulfillmentOrders(first: 20, after: $after) {{
      nodes {{
        id
        status
        assignedLocation {{ location {{ id }} }}
        lineItems(first: 20) {{
          nodes {{ {_SHARE_LINE_FIELDS} }}
          pageInfo {{ hasNextPage endCursor }}
        }}
      }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}
""",
)
MORE_REFUND_LINES = Document(
    name="MoreRefundLines",
    cost=60,
    text=f"""query MoreRefundLines($id: ID!, $after: String) {{
  node(id: $id) {{
    ... on Refund {{
      refundLineItems(first: 100, after: $after) {{
        nodes {{ {_REFUND_LINE_FIELDS} }}
        pageInfo {{ hasNextPage endCursor }}
      }}
    }}
  }}
}}
""",
)
MORE_SHIPMENT_LINES = Document(
    name="MoreShipmentLines",
    cost=60,
    text=f"""query MoreShipmentLines($id: ID!, $after: String) {{
  node(id: $id) {{
    ... on Fulfillment {{
      fulfillmentLineItems(first: 100, after: $after) {{
        nodes {{ {_SHIPMENT_LINE_FIELDS} }}
        pageInfo {{ hasNextPage endCursor }}
      }}
    }}
  }}
}}
""",
)
MORE_SHARE_LINES = Document(
    name="MoreShareLines",
    cost=60,
    text=f"""query MoreShareLines($id: ID!, $after: String) {{
  node(id: $id) {{
    ... on FulfillmentOrder {{
      lineItems(first: 100, after: $after) {{
        nodes {{ {_SHARE_LINE_FIELDS} }}
        pageInfo {{ hasNextPage endCursor }}
      }}
    }}
  }}
}}
""",
)

ORDER_DOCUMENTS = (
    *(ORDERS, ORDERS_BY_ID, ORDERS_OF_SHARES),
    *(MORE_LINES, MORE_SHARES, MORE_REFUND_LINES, MORE_SHIPMENT_LINES, MORE_SHARE_LINES),
)
