"""What this app tells those to its right, inside the transaction that did it.

page_acknowledged      subject, by (User), at, via ("link", "slack", …): a person
                       answered a page
page_progress          subject, at, text: something on the ladder happened, in words
escalation_exhausted   subject, at: every lap is over and nobody answered
"""

from django.dispatch import Signal

page_acknowledged = Signal()
page_progress = Signal()
escalation_exhausted = Signal()
