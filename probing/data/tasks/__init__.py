"""From sentences to windows: who asks, who may be picked, what is gold."""
