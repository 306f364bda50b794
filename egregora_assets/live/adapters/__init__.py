"""What listens to the world, one module for each way in; each is a ``StreamingAdapter`` and named by an entry point."""
