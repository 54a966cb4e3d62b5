"""Every page that the browser looks at: name, path, and what its heading says. `{denied}` and the like are ids of World."""

PAGES = [
    ("about", "/about", "About"),
    ("missing", "/no/such/page", "no such page"),
]
