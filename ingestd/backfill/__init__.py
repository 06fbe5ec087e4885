"""What was in a bucket before anybody announced it, through the very pipeline that reads what is announced."""
