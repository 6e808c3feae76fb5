"""What a channel shows is never overwritten: a push only ever adds the difference that is ours."""

from __future__ import annotations

from tests.channels.core.world import Store, level, no_differences, receive, sell


def test_an_unheard_sale_is_not_overwritten_by_a_push_for_another_reason(store: Store) -> None:
    tee = sell(store, "TEE", 10)
    store.sim.buy(sku="TEE")

    receive(tee, 5)
    store.publish()

    assert store.shows("TEE") == 10 - 1 + 5
    assert store.accounted("TEE") == 15

    store.hear()
    store.publish()

    assert (store.shows("TEE"), store.accounted("TEE"), level(tee)) == (14, 14, (15, 1))
    assert store.pushes("TEE") == [("applied", 5)]
    assert no_differences()


def test_a_sale_lowers_the_other_store_and_not_its_own(store: Store, other: Store) -> None:
    tee = sell(store, "TEE", 10)
    sell(other, "TEE", 10, sku=tee)

    store.sim.buy(sku="TEE", quantity=3)
    store.hear()
    store.publish()
    other.publish()

    assert (store.shows("TEE"), other.shows("TEE")) == (7, 7)
    assert (store.pushes("TEE"), other.pushes("TEE")) == ([], [("applied", -3)])
    assert (store.accounted("TEE"), other.accounted("TEE"), level(tee)) == (7, 7, (10, 3))
