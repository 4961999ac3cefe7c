"""The domain: what a pass is, what it means, and what people do about it. It knows nothing of the site."""
