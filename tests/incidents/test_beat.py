"""How alerts are taken in, batch by batch."""

from incidents.beat import FIRST_BATCH, LARGEST_BATCH, LONG_SECONDS, next_size


def test_batches_grow_while_they_are_quick() -> None:
    sizes = [FIRST_BATCH]
    while sizes[-1] < LARGEST_BATCH:
        sizes.append(next_size(sizes[-1], seconds=0.1))
    assert sizes == [32, 64, 128, 256, 512, 1024, 2048]
    assert next_size(LARGEST_BATCH, seconds=0.1) == LARGEST_BATCH


def test_batches_shrink_when_one_took_long_so_that_pages_keep_going_out() -> None:
    assert next_size(512, seconds=LONG_SECONDS * 3) == 256
    assert next_size(FIRST_BATCH, seconds=LONG_SECONDS * 3) == FIRST_BATCH
    assert next_size(64, seconds=LONG_SECONDS * 0.8) == 64
