"""What a cluster should hold before logs come: what is wanted, what is found, and the way from the one to the other."""
