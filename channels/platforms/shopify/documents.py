"""The GraphQL documents about goods, quantities, the shop, webhooks and bulk operations, valid for 2026-10 and 2026-07.

A test validates each against the official schemas.
"""

from __future__ import annotations

from channels.platforms.shopify.document import Document

LEVEL_FIELDS = """fragment LevelFields on InventoryLevel {
  isActive
  location { id }
  quantities(names: ["available"]) { name quantity }
}
"""
# Levels that are switched off are asked for, too: one that is not there at all can be made, one that is off can't.
ITEM_FIELDS = (
    """fragment ItemFields on InventoryItem {
  id
  tracked
  variants(first: 5) {
    nodes {
      id
      title
      displayName
      sku
      barcode
      price
      inventoryPolicy
      requiresComponents
      selectedOptions { name value }
      product { id title status isGiftCard }
    }
    pageInfo { hasNextPage endCursor }
  }
  inventoryLevels(first: 10, includeInactive: true) {
    nodes { ...LevelFields }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + LEVEL_FIELDS
)

ITEMS = Document(
    name="Items",
    cost=250,
    text="""query Items($first: Int!, $after: String) {
  inventoryItems(first: $first, after: $after) {
    nodes { ...ItemFields }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + ITEM_FIELDS,
)
ITEMS_BY_ID = Document(
    name="ItemsById",
    cost=250,
    text="query ItemsById($ids: [ID!]!) {\n  nodes(ids: $ids) { __typename ...ItemFields }\n}\n" + ITEM_FIELDS,
)
LEVELS_OF_ITEM = Document(
    name="LevelsOfItem",
    cost=50,
    text="""query LevelsOfItem($id: ID!, $after: String) {
  inventoryItem(id: $id) {
    inventoryLevels(first: 250, after: $after, includeInactive: true) {
      nodes { ...LevelFields }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""
    + LEVEL_FIELDS,
)
VARIANTS_COUNT = Document(
    name="VariantsCount",
    cost=2,
    text="query VariantsCount($limit: Int) {\n  productVariantsCount(limit: $limit) { count precision }\n}\n",
)
LOCATIONS = Document(
    name="Locations",
    cost=20,
    text="""query Locations($after: String) {
  locations(first: 250, after: $after, includeInactive: true, includeLegacy: true) {
    nodes { id name isActive fulfillsOnlineOrders isFulfillmentService }
    pageInfo { hasNextPage endCursor }
  }
}
""",
)

# Quantities -------------------------------------------------------------------------------------------------------

SET_QUANTITIES = Document(
    name="SetQuantities",
    cost=20,
    # What was written is asked back with the facts that make it worthless: Shopify also takes a quantity for an item
    # that it does not count, or that is not stocked at the location, and then sells nothing.
    text="""mutation SetQuantities($input: InventorySetQuantitiesInput!, $location: ID!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup {
      id
      changes(quantityNames: ["available"]) {
        delta
        item {
          id
          tracked
          inventoryLevel(locationId: $location, includeInactive: true) { isActive }
        }
      }
    }
    userErrors { field message code }
  }
}
""",
)
LEVELS_AT = Document(
    name="LevelsAt",
    cost=100,
    text="""query LevelsAt($ids: [ID!]!, $location: ID!) {
  nodes(ids: $ids) {
    ... on InventoryItem {
      id
      tracked
      inventoryLevel(locationId: $location, includeInactive: true) {
        isActive
        quantities(names: ["available"]) { name quantity }
      }
    }
  }
}
""",
)
ACTIVATE = Document(
    name="Activate",
    cost=15,
    # Its user errors have no code: asking for one would break the document.
    text="""mutation Activate($item: ID!, $location: ID!, $available: Int!, $key: String!) {
  inventoryActivate(inventoryItemId: $item, locationId: $location, available: $available) @idempotent(key: $key) {
    inventoryLevel { isActive quantities(names: ["available"]) { name quantity } }
    userErrors { field message }
  }
}
""",
)
TRACK_ITEM = Document(
    name="TrackItem",
    cost=12,
    text="""mutation TrackItem($id: ID!) {
  inventoryItemUpdate(id: $id, input: { tracked: true }) {
    inventoryItem { id tracked }
    userErrors { field message }
  }
}
""",
)

# The shop, webhooks, bulk operations ------------------------------------------------------------------------------

SHOP = Document(
    name="Shop",
    cost=10,
    text="""query Shop {
  shop { id name myshopifyDomain plan { publicDisplayName } }
  currentAppInstallation { accessScopes { handle } }
}
""",
)
SUBSCRIPTIONS = Document(
    name="Subscriptions",
    cost=30,
    text="""query Subscriptions($after: String) {
  webhookSubscriptions(first: 100, after: $after) {
    nodes { id topic uri includeFields }
    pageInfo { hasNextPage endCursor }
  }
}
""",
)
SUBSCRIBE = Document(
    name="Subscribe",
    cost=15,
    text="""mutation Subscribe($topic: WebhookSubscriptionTopic!, $sent: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $sent) {
    webhookSubscription { id topic uri }
    userErrors { field message }
  }
}
""",
)
UNSUBSCRIBE = Document(
    name="Unsubscribe",
    cost=12,
    text="""mutation Unsubscribe($id: ID!) {
  webhookSubscriptionDelete(id: $id) {
    deletedWebhookSubscriptionId
    userErrors { field message }
  }
}
""",
)
START_BULK = Document(
    name="StartBulk",
    cost=15,
    text="""mutation StartBulk($query: String!) {
  bulkOperationRunQuery(query: $query) {
    bulkOperation { id status }
    userErrors { field message code }
  }
}
""",
)
BULK_OPERATION = Document(
    name="BulkOperation",
    cost=2,
    text="""query BulkOperation($id: ID!) {
  bulkOperation(id: $id) { id status errorCode objectCount url }
}
""",
)
# The inner document of START_BULK, a text to Shopify: edges and nodes only, no page sizes, two levels at most.
BULK_ITEMS = """query BulkItems {
  inventoryItems {
    edges {
      node {
        id
        tracked
        variants {
          edges {
            node {
              id
              title
              displayName
              sku
              barcode
              price
              inventoryPolicy
              requiresComponents
              selectedOptions { name value }
              product { id title status isGiftCard }
            }
          }
        }
        inventoryLevels(includeInactive: true) {
          edges {
            node {
              id
              isActive
              location { id }
              quantities(names: ["available"]) { name quantity }
            }
          }
        }
      }
    }
  }
}
"""

DOCUMENTS = (
    *(ITEMS, ITEMS_BY_ID, LEVELS_OF_ITEM, VARIANTS_COUNT, LOCATIONS),
    *(SET_QUANTITIES, LEVELS_AT, ACTIVATE, TRACK_ITEM),
    *(SHOP, SUBSCRIPTIONS, SUBSCRIBE, UNSUBSCRIBE, START_BULK, BULK_OPERATION),
)
