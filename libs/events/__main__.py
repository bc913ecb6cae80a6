"""Write the event catalogue into the repository."""

from libs.events.catalogue import documents

for path, text in documents():
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
