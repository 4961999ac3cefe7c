"""What programs ask the site: the same nouns and the same rules as the pages, over HTTP, by token."""
