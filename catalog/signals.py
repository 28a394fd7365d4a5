"""What apps to the right of the catalog may hear.

asset_panels  sent while an asset's page is drawn, with asset (Asset), user (User) and
              at (datetime). Each receiver returns a list of `catalog.panels.Panel`
              to show on the page.
known_faults  sent while assets are listed or drawn, with among (ids of assets) and user
              (User). Each receiver returns a list of `catalog.conditions.Faults`: what
              the user may know of those among them that fail.
asset_merging sent in the transaction of a merge before anything is locked, with old and
              into (Assets). Each receiver locks what it must hold before assets are,
              and moves what refers to the old one other than by a foreign key: those
              are moved by the merge itself.
"""

from django.dispatch import Signal

asset_panels = Signal()
known_faults = Signal()
asset_merging = Signal()
