"""Pictures of every screen in every state: the product's own site, real repositories, real passes."""
