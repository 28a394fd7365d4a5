"""The reference form with people's addresses in the place of their keys, to be read
and edited."""

import copy

from oncall.queries import people
from oncall.services.reference import CheckedForm, Json, mentions


def with_addresses(form: Json) -> Json:
    """Return a copy of a stored schedule's form that names people by e-mail."""
    copied = copy.deepcopy(form)
    lists = ("layers", "overrides", "swaps", "temporary_schedules", "history")
    places = list(
        mentions(
            CheckedForm(
                name=copied["name"],
                timezone=copied["timezone"],
                **{name: copied[name] for name in lists},
            )
        )
    )
    known = people(str(place[key]) for _, place, key in places)
    for _, place, key in places:
        if str(place[key]) in known:
            place[key] = known[str(place[key])].email
    return copied
