"""What the checkout service does when the catalog announces something."""

from libs.events.catalog import PassPublished
from libs.events.envelope import Envelope
from services.checkout.application import Checkout


def on_pass_published(published: PassPublished, about: Envelope, checkout: Checkout) -> None:
    """A new version brings its stock; the view has its terms already."""
    checkout.set_capacity(published.pass_id, published.version_number, published.terms.stock)
