"""What people and other systems see: the read API, the live feed, and later the pages for each desk."""
